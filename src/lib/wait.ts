/** Sleeps, and wakes early when the signal fires. Never rejects. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    }
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** Lets everything else that is due have its turn of the event loop first. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The promise's value, or `undefined` once the time is up; the work itself goes on. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([work, sleep(ms, timer.signal).then(() => undefined)]);
  } finally {
    timer.abort();
  }
}

/**
 * At most `limit` of these run at once, the rest wait in order; beyond `queue` waiting the newcomer is refused by `onFull`. Who waits leaves
 * the line when the signal fires, with its reason.
 */
export function limiter(limit: number, queue: number, onFull: () => Error) {
  let running = 0;
  const waiting = new Set<() => void>();

  function place(signal?: AbortSignal): Promise<void> {
    if (waiting.size >= queue) throw onFull();
    return new Promise((resolve, reject) => {
      const leave = () => {
        waiting.delete(start);
        reject(signal?.reason);
      };
      const start = () => {
        waiting.delete(start);
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      waiting.add(start);
      signal?.addEventListener("abort", leave, { once: true });
    });
  }

  return async <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    signal?.throwIfAborted();
    if (running >= limit) await place(signal);
    else running++;
    try {
      return await work();
    } finally {
      const [next] = waiting;
      if (next) next();
      else running--;
    }
  };
}
