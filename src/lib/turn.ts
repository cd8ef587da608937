/** Of one source in one turn of the event loop; then all others have theirs (reference/reliability.md §0, 7). */
const most = { messages: 256, ms: 2 } as const;

/**
 * The share of the event loop that one source has. `spent()` is asked after each message: a promise to wait for when the share is used up, else
 * undefined. Reading what is there already takes no turn, so a share lasts until it is waited for.
 */
export function createTurn() {
  let messages = 0;
  let endsAt = performance.now() + most.ms;

  return function spent(): Promise<void> | undefined {
    if (++messages < most.messages && performance.now() < endsAt) return undefined;
    return new Promise((resolve) =>
      setImmediate(() => {
        messages = 0;
        endsAt = performance.now() + most.ms;
        resolve();
      }),
    );
  };
}
