import { onAbort } from "../../lib/abort.ts";

type Shared<T> = { work: Promise<T>; waiting: number; over: AbortController };

/**
 * The same work that several ask for at the same time is done once, and given up only when none of them waits any more. Beyond `most` works each
 * is done by itself. Answers undefined to whoever stopped waiting.
 */
export function coalescer<T>(most: number) {
  const under = new Map<string, Shared<T>>();

  function begin(key: string, compute: (signal: AbortSignal) => Promise<T>): Shared<T> {
    const over = new AbortController();
    const shared: Shared<T> = { work: compute(over.signal), waiting: 0, over };
    if (under.size < most) {
      under.set(key, shared);
      const end = () => {
        if (under.get(key) === shared) under.delete(key);
      };
      shared.work.then(end, end);
    }
    return shared;
  }

  return async (
    key: string,
    signal: AbortSignal,
    compute: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> => {
    if (signal.aborted) return undefined;
    const shared = under.get(key) ?? begin(key, compute);
    shared.waiting++;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const leave = () => {
        if (isOver) return false;
        isOver = true;
        if (--shared.waiting === 0) {
          if (under.get(key) === shared) under.delete(key);
          shared.over.abort();
        }
        return true;
      };
      onAbort(signal, () => leave() && resolve(undefined));
      shared.work.then(
        (value) => leave() && resolve(value),
        (error: unknown) => leave() && reject(error),
      );
    });
  };
}
