import type { Meter } from "../../lib/counters.ts";
import { type ServerLimits, setByServer } from "../../resources/limits.ts";
import { Busy } from "./failures.ts";

/** The share of one caller, of the calls under way and of those that wait: the rest is for others. */
const shareOfOne = 0.75;

/** What waits for its turn; `start` is called when that is. */
export type Place = { readonly caller: string; start: () => void; isUnderWay: boolean };

/** Calls of one conversation: so many are under way at once, others wait in order, callers by turns (reference/reliability.md §6). */
export function createQueue<P extends Place>(
  { inFlight, queue }: Pick<ServerLimits, "inFlight" | "queue">,
  meter: Meter,
) {
  const mostOfOne = { underWay: Math.ceil(inFlight * shareOfOne), waiting: Math.ceil(queue * shareOfOne) };
  const underWay = new Map<string, number>();
  /** Whose turn is next comes first. */
  const waiting = new Map<string, P[]>();
  let running = 0;
  let queued = 0;

  const mayRun = (caller: string) => running < inFlight && (underWay.get(caller) ?? 0) < mostOfOne.underWay;

  function run(place: P): void {
    place.isUnderWay = true;
    running++;
    underWay.set(place.caller, (underWay.get(place.caller) ?? 0) + 1);
    meter.shift("calls_under_way", 1);
    place.start();
  }

  function wait(place: P): void {
    const own = waiting.get(place.caller) ?? [];
    if (queued >= queue || own.length >= mostOfOne.waiting) {
      meter.add("calls_refused");
      throw new Busy(fullWords(underWay.get(place.caller) ?? 0, own.length));
    }
    own.push(place);
    waiting.set(place.caller, own);
    queued++;
    meter.add("calls_waited");
    meter.shift("calls_waiting", 1);
  }

  function fullWords(own: number, ownWaiting: number): string {
    const set = setByServer("inFlight", "queue");
    return queued >= queue
      ? `it has ${running} calls under way and ${queued} waiting; ${set}`
      : `it has ${own} calls of yours under way and ${ownWaiting} waiting, the most of one caller; ${set}`;
  }

  function stopWaiting(place: P): boolean {
    const own = waiting.get(place.caller);
    const at = own?.indexOf(place) ?? -1;
    if (own === undefined || at < 0) return false;
    own.splice(at, 1);
    if (own.length === 0) waiting.delete(place.caller);
    queued--;
    meter.shift("calls_waiting", -1);
    return true;
  }

  function startNext(): void {
    if (queued === 0) return;
    for (const [caller, own] of waiting) {
      const [place] = own;
      if (place === undefined || !mayRun(caller)) continue;
      stopWaiting(place);
      // The caller's others wait until all have had a turn.
      if (waiting.delete(caller) && own.length > 0) waiting.set(caller, own);
      run(place);
      return;
    }
  }

  function leave(place: P): void {
    if (place.isUnderWay) {
      place.isUnderWay = false;
      running--;
      const left = (underWay.get(place.caller) ?? 1) - 1;
      if (left === 0) underWay.delete(place.caller);
      else underWay.set(place.caller, left);
      meter.shift("calls_under_way", -1);
    } else if (!stopWaiting(place)) return;
    startNext();
  }

  return {
    /** Starts it at once, or when it is its turn. @throws Busy when too many wait */
    enter(place: P): void {
      if (mayRun(place.caller)) run(place);
      else wait(place);
    },
    /** At its end, or before its turn. What has left already has. */
    leave,
    waiting: (): P[] => [...waiting.values()].flat(),
  };
}
