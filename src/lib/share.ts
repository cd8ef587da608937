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
    return turn().then(() => {
      messages = 0;
      endsAt = performance.now() + most.ms;
    });
  };
}

/** Goes through work of many steps, with a turn of the event loop for all others whenever its share is used up. */
export async function inTurns<T>(work: Generator<void, T>): Promise<T> {
  const spent = shareOfTurn();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    const turn = spent();
    if (turn !== undefined) await turn;
  }
}

/** Of one source in the long run. Who is quiet saves up, so that one big answer is read without a pause. */
const inTheLongRun = 0.2;
const savedMs = 50;

/**
 * The same for a source without an end: whatever it says, all others have the rest of the time. What it says meanwhile waits where it comes
 * from, and the processor is not kept busy with it: a gateway that is has to wait for it itself.
 */
export function shareOfTime(share = inTheLongRun, now: () => number = () => performance.now()) {
  let messages = 0;
  let startedAt = now();
  let settledAt = startedAt;
  let left = savedMs;

  function settle(spentMs = 0): void {
    const at = now();
    left = Math.min(savedMs, left + (at - settledAt) * share) - spentMs;
    settledAt = at;
  }

  async function rest(): Promise<void> {
    for (settle(); left < 0; settle()) await sleep(-left / share);
    startedAt = now();
  }

  async function giveWay(): Promise<void> {
    messages = 0;
    settle(now() - startedAt);
    await turn();
    await rest();
  }

  return {
    /** Something has come: what follows is time spent on it. A promise when it has to wait for that. */
    began(): Promise<void> | undefined {
      startedAt = now();
      return left < 0 ? rest() : undefined;
    },
    spent: (): Promise<void> | undefined =>
      ++messages < most.messages && now() - startedAt < most.ms ? undefined : giveWay(),
  };
}
