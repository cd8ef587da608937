import { Ending } from "./ending.ts";

/** How late an alarm may be. */
const tickMs = 50;

/**
 * To be told when so long has passed; `cancel` may be called at any time, any number of times. What a call has already may be one by extending it,
 * of one list at a time: all in it wait equally long, so who came first is due first.
 */
export abstract class Alarm {
  before: Alarm = this;
  after: Alarm = this;
  due = Number.POSITIVE_INFINITY;

  abstract ring(): void;

  cancel(): void {
    this.before.after = this.after;
    this.after.before = this.before;
    this.before = this;
    this.after = this;
  }
}

/** Who is told. As an object it is what a call has already: a function would be made for each. */
export type Rung = (() => void) | { ring: () => void };

class Told extends Alarm {
  readonly #rung: Rung;

  constructor(rung: Rung) {
    super();
    this.#rung = rung;
  }

  ring(): void {
    if (typeof this.#rung === "function") this.#rung();
    else this.#rung.ring();
  }
}

/**
 * Timers for what nearly always ends before its time, as a call does: one timer of the system serves them all, and setting and cancelling one costs
 * a few assignments. Up to 50 ms late, never early.
 */
export function createWheel(now: () => number = () => performance.now()) {
  /** By how long they wait; the bounds of servers and projects are few, and a list that is empty is let go of. */
  const lists = new Map<number, Alarm>();
  let timer: ReturnType<typeof setInterval> | undefined;

  function turn(): void {
    const at = now();
    for (const [ms, list] of lists) {
      while (list.after !== list && list.after.due <= at) {
        const alarm = list.after;
        alarm.cancel();
        alarm.ring();
      }
      if (list.after === list) lists.delete(ms);
    }
    if (lists.size > 0 || timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
  }

  /** Rings it after `ms`, never when that is not finite; one that was set already then, and not before. */
  function set(alarm: Alarm, ms: number): void {
    alarm.cancel();
    if (!Number.isFinite(ms)) return;
    alarm.due = now() + ms;
    const list = listOf(ms);
    alarm.before = list.before;
    alarm.after = list;
    list.before.after = alarm;
    list.before = alarm;
    if (timer !== undefined) return;
    timer = setInterval(turn, tickMs);
    timer.unref();
  }

  function listOf(ms: number): Alarm {
    const known = lists.get(ms);
    if (known !== undefined) return known;
    const list = new Told(() => {});
    lists.set(ms, list);
    return list;
  }

  /** The same for whoever is none. */
  function after(ms: number, then: Rung): Alarm {
    const alarm = new Told(then);
    set(alarm, ms);
    return alarm;
  }

  return { after, set, turn };
}

/** The one of this process. */
export const wheel = createWheel();

/** What ends by itself when its time is over. */
export function endingAfter(ms: number): Ending {
  const ending = new Ending();
  wheel.after(ms, () => ending.end(new DOMException("The time is over", "TimeoutError")));
  return ending;
}
