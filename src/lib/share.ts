import { sleep, turn } from "./wait.ts";

/** Of one source in one turn of the event loop; then all others have theirs (reference/reliability.md §0, 7). */
const most = { messages: 256, ms: 2 } as const;

/**
 * The share of the event loop that one source has. `spent()` is asked after each message: a promise to wait for when the share is used up, else
 * undefined. Reading what is there already takes no turn, so a share lasts until it is waited for.
 */
export function shareOfTurn() {
  let messages = 0;
  let endsAt = performance.now() + most.ms;

  return function spent(): Promise<void> | undefined {
    if (++messages < most.messages && performance.now() < endsAt) return undefined;
    return turnOfOne().then(() => {
      messages = 0;
      endsAt = performance.now() + most.ms;
    });
  };
}

const waiting: (() => void)[] = [];

/** A turn that goes on with one of those who wait for it: however many there are, all others wait for one share. */
function turnOfOne(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(next);
  });
}

function next(): void {
  waiting.shift()?.();
  if (waiting.length > 0) setImmediate(next);
}

/** Goes through work of many steps, with a turn of the event loop for all others whenever its share is used up. `worked` is told how long it took, without the waiting. */
export async function inTurns<T>(work: Generator<void, T>, worked?: Worked): Promise<T> {
  if (waiting.length > 0) await turnOfOne();
  const spent = shareOfTurn();
  for (;;) {
    const from = worked === undefined ? 0 : performance.now();
    const step = work.next();
    if (worked !== undefined) worked.ms += performance.now() - from;
    if (step.done === true) return step.value;
    const turn = spent();
    if (turn !== undefined) await turn;
  }
}

export type Worked = { ms: number };

/** How long a source has others in turn for what took so long, of which nobody had asked for. */
export const restAfter = ({ ms }: Worked): Promise<void> => sleep((ms * (1 - inTheLongRun)) / inTheLongRun);

/** Of one source in the long run. Who is quiet saves up, so that one big answer is read without a pause. */
const inTheLongRun = 0.2;
const savedMs = 50;

/**
 * The same for a source without an end: whatever it says, all others have the rest of the time. What it says meanwhile waits where it comes
 * from, and the processor is not kept busy with it: a gateway that is has to wait for it itself.
 */
export class ShareOfTime {
  readonly #share: number;
  readonly #now: () => number;
  #messages = 0;
  #startedAt: number;
  #settledAt: number;
  #left = savedMs;

  constructor(share = inTheLongRun, now = passed) {
    this.#share = share;
    this.#now = now;
    this.#startedAt = now();
    this.#settledAt = this.#startedAt;
  }

  /** Something has come, or was waited for: what follows is time spent on it. A promise when it has to wait for that. */
  began(): Promise<void> | undefined {
    this.#startedAt = this.#now();
    return this.#left < 0 ? this.#rest() : undefined;
  }

  spent(): Promise<void> | undefined {
    if (++this.#messages < most.messages && this.#now() - this.#startedAt < most.ms) return undefined;
    return this.#giveWay();
  }

  #settle(spentMs = 0): void {
    const at = this.#now();
    this.#left = Math.min(savedMs, this.#left + (at - this.#settledAt) * this.#share) - spentMs;
    this.#settledAt = at;
  }

  async #rest(): Promise<void> {
    for (this.#settle(); this.#left < 0; this.#settle()) await sleep(-this.#left / this.#share);
    this.#startedAt = this.#now();
  }

  async #giveWay(): Promise<void> {
    this.#messages = 0;
    this.#settle(this.#now() - this.#startedAt);
    await turn();
    await this.#rest();
  }
}

const passed = () => performance.now();
