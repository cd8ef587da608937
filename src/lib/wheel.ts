import { Ending } from "./ending.ts";

/** How late an alarm may be. */
const tickMs = 50;

/** To be told when so long has passed; `cancel` may be called at any time, any number of times. */
export type Alarm = { cancel: () => void };

/** Who is told. As an object it is what a call has already: a function would be made for each. */
export type Rung = (() => void) | { ring: () => void };

/** Of one list: all in it wait equally long, so who came first is due first. */
class Place implements Alarm {
  before: Place = this;
  after: Place = this;
  readonly due: number;
  readonly #rung: Rung;

  constructor(due: number, rung: Rung) {
    this.due = due;
    this.#rung = rung;
  }

  ring(): void {
    if (typeof this.#rung === "function") this.#rung();
    else this.#rung.ring();
  }

  cancel(): void {
    this.before.after = this.after;
    this.after.before = this.before;
    this.before = this;
    this.after = this;
  }
}

/**
 * Timers for what nearly always ends before its time, as a call does: one timer of the system serves them all, and setting and cancelling one costs
 * a few assignments. Up to 50 ms late, never early.
 */
export function createWheel(now: () => number = () => performance.now()) {
  /** By how long they wait; the bounds of servers and projects are few, and a list that is empty is let go of. */
  const lists = new Map<number, Place>();
  let timer: ReturnType<typeof setInterval> | undefined;

  function turn(): void {
    const at = now();
    for (const [ms, list] of lists) {
      while (list.after !== list && list.after.due <= at) {
        const place = list.after;
        place.cancel();
        place.ring();
      }
      if (list.after === list) lists.delete(ms);
    }
    if (lists.size > 0 || timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
  }

  /** Calls back after `ms`; never when that is not finite. */
  function after(ms: number, then: Rung): Alarm {
    const place = new Place(now() + ms, then);
    if (!Number.isFinite(ms)) return place;
    let list = lists.get(ms);
    if (list === undefined) {
      list = new Place(Number.POSITIVE_INFINITY, () => {});
      lists.set(ms, list);
    }
    place.before = list.before;
    place.after = list;
    list.before.after = place;
    list.before = place;
    if (timer === undefined) {
      timer = setInterval(turn, tickMs);
      timer.unref();
    }
    return place;
  }

  return { after, turn };
}

/** The one of this process. */
export const wheel = createWheel();

/** What ends by itself when its time is over. */
export function endingAfter(ms: number): Ending {
  const ending = new Ending();
  wheel.after(ms, () => ending.end(new DOMException("The time is over", "TimeoutError")));
  return ending;
}
