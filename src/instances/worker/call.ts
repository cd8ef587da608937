import { messageOf, Problem } from "../../lib/problem.ts";
import type { Code, Order, Said } from "./protocol.ts";
import type { Answering, Patience } from "./worker.ts";

export type Call = {
  code: Code;
  done: Promise<unknown>;
  begun: () => void;
  /** Whether its code was ever run: what was not may be run elsewhere. */
  hasBegun: () => boolean;
  hear: (said: Exclude<Said, { say: "pong" | "began" }>) => void;
  fail: (problem: Problem) => void;
  close: () => void;
};

type Ways = {
  send: (order: Order) => void;
  compute: (of: number) => Promise<unknown>;
  tookTooLong: (hadBegun: boolean) => void;
  gone: () => void;
};

const mostAsks = 64;
/** Until it is begun, since its process may have to start or be busy with others. */
const startMs = 10_000;

/** One call while it is under way: its clock, which stands still while we owe it an answer, and what it asks meanwhile. */
export function callIn(id: number, code: Code, answering: Answering, patience: Patience, ways: Ways): Call {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  // It may be settled before anybody waits.
  promise.catch(() => {});
  const { ownMs, allMs, signal } = patience;
  let owed = 0;
  let isClosed = false;
  let left = ownMs;
  let since: number | undefined;
  let own = setTimeout(late, startMs, startMs);
  const all = setTimeout(late, allMs, allMs);
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();

  function late(ms: number): void {
    reject(new Problem("unavailable", `it took over ${ms / 1000} s`));
    abandon();
    ways.tookTooLong(since !== undefined);
  }

  function abort(): void {
    reject(new Problem("unavailable", "nobody waits for it any more"));
    abandon();
    ways.gone();
  }

  function abandon(): void {
    try {
      ways.send({ do: "abort", id });
    } catch {
      // It has no process any more.
    }
  }

  function tick(): void {
    clearTimeout(own);
    since = performance.now();
    if (!isClosed) own = setTimeout(late, Math.max(left, 1), ownMs);
  }

  async function answer(ask: number, what: string, args: readonly unknown[]): Promise<void> {
    if (owed++ === 0) {
      clearTimeout(own);
      left -= performance.now() - (since ?? performance.now());
    }
    let order: Order;
    try {
      if (owed > mostAsks) throw new Problem("unavailable", `it asks for more than ${mostAsks} things at once`);
      order = { do: "answer", ask, value: await answering.ask(what, args, () => ways.compute(ask)) };
    } catch (error) {
      order = { do: "answer", ask, error: messageOf(error) };
    }
    if (--owed === 0) tick();
    try {
      ways.send(order);
    } catch {
      // Nobody is there to hear it, and the call fails with that.
    }
  }

  return {
    code,
    done: promise,
    begun() {
      if (since === undefined) tick();
    },
    hasBegun: () => since !== undefined,
    hear(said) {
      if (said.say === "done") resolve(said.value);
      else if (said.say === "failed") reject(new Problem("unavailable", said.message));
      else if (said.say === "ask") void answer(said.ask, said.what, said.args);
      else if (said.say === "tell") answering.tell(said.what, said.args);
    },
    fail: reject,
    close() {
      isClosed = true;
      clearTimeout(own);
      clearTimeout(all);
      signal?.removeEventListener("abort", abort);
    },
  };
}
