import { expect, test } from "bun:test";
import type { Problem } from "../../../src/lib/problem.ts";
import { Absent, callerLeft, Refused, TimedOut, unavailable } from "../../../src/mcp/upstream/failures.ts";
import { createGuard, LeftAlone } from "../../../src/mcp/upstream/guard.ts";
import type { Upstream } from "../../../src/mcp/upstream/upstream.ts";
import { logTo } from "../../log.ts";
import { peerOf } from "./ways.ts";

/** A server that answers as it is told, or fails with this; and how its breaker stands then. */
function guarded() {
  let now = 0;
  let fails: Problem | undefined;
  let calls = 0;
  let held: Promise<void> | undefined;
  const logged: string[] = [];
  const log = logTo(
    (line) => logged.push((JSON.parse(line) as { message: string }).message),
    () => now,
    "info",
  );
  const guard = createGuard({ id: "x", name: "x", version: 1, fields: { transport: "http" } }, { now: () => now }, log);
  const upstream = guard.over({
    ask: async (...[, , , asker]: Parameters<Upstream["ask"]>) => {
      calls++;
      const why = fails;
      const slow = await held?.catch((error: unknown) => error);
      if ((slow ?? why) !== undefined) asker.failed(slow ?? why);
      else asker.answered({ error: '{"code":-32602,"message":"no such tool"}' });
    },
  } as unknown as Upstream);
  const peer = peerOf("User:a");
  const call = (why?: Problem) => {
    fails = why;
    return upstream.request("tools/call", "{}", { peer }).catch((error: Problem) => error);
  };
  /** One that is under way until what is answered is called. */
  const late = () => {
    const { promise, reject } = Promise.withResolvers<void>();
    held = promise;
    const called = call();
    held = undefined;
    return async (why: Problem) => {
      reject(why);
      await called;
    };
  };
  const ask = (why?: Problem) => {
    fails = why;
    return upstream.request("tools/list", "{}").catch((error: Problem) => error);
  };
  return {
    guard,
    call,
    late,
    ask,
    logged,
    calls: () => calls,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test("only a server that is not there fails: not a caller who left, not what was refused, by it or by us", async () => {
  const { guard, call } = guarded();
  for (let i = 0; i < 4; i++) await call(new TimedOut(1));
  for (const why of [unavailable(callerLeft), unavailable("too many calls"), unavailable("HTTP 401")]) await call(why);
  expect(guard.view().failures).toBe(4);
  await call(new Refused("HTTP 404"));
  expect(guard.view().failures).toBe(0);
  for (let i = 0; i < 4; i++) await call(new Absent("gone"));
  await call();
  expect(guard.view()).toEqual({ state: "closed", failures: 0 });
});

test("a call that takes too long while others are answered says nothing against the server", async () => {
  const { guard, call, late, pass } = guarded();
  const slow = Array.from({ length: 9 }, () => late());
  pass(59_000);
  await call();
  pass(1_000);
  for (const give of slow) await give(new TimedOut(60_000));
  expect(guard.view()).toEqual({ state: "closed", failures: 0 });
  // What came after the last answer has waited for nothing else.
  const vain = Array.from({ length: 5 }, () => late());
  pass(60_000);
  for (const give of vain) await give(new TimedOut(60_000));
  expect(guard.view().state).toBe("open");
});

test("one caller's calls that all take too long open nothing for the others, since looks are answered meanwhile", async () => {
  const { guard, ask, late, pass } = guarded();
  for (let i = 0; i < 8; i++) {
    const slow = late();
    for (let waited = 0; waited < 60_000; waited += 15_000) {
      pass(15_000);
      await ask();
    }
    await slow(new TimedOut(60_000));
  }
  expect(guard.view()).toEqual({ state: "closed", failures: 0 });
});

test("what ends a conversation ends many calls and is one failure", async () => {
  const { guard, call } = guarded();
  const end = new Absent("the server's process has ended");
  for (let i = 0; i < 9; i++) await call(end);
  expect(guard.view().failures).toBe(1);
});

test("while it is left alone callers are refused unheard, and what we ask ourselves finds it again", async () => {
  const { guard, call, ask, calls, logged } = guarded();
  for (let i = 0; i < 5; i++) await call(new TimedOut(1));
  expect(await call()).toBeInstanceOf(LeftAlone);
  expect(calls()).toBe(5);
  await ask(new TimedOut(1));
  expect(guard.view()).toMatchObject({ state: "open", failures: 6, retryAt: "1970-01-01T00:00:05.000Z" });
  await ask();
  expect(await call()).toHaveProperty("error");
  expect(logged).toEqual(["a server is left alone", "a server answers again"]);
});

test("a caller who leaves while trying makes room for the next", async () => {
  const { call, pass, calls } = guarded();
  for (let i = 0; i < 5; i++) await call(new TimedOut(1));
  pass(5_000);
  await call(unavailable(callerLeft));
  await call(new TimedOut(1));
  expect(calls()).toBe(7);
  expect(await call()).toBeInstanceOf(LeftAlone);
});

test("a change lets the next caller try at once", async () => {
  const { guard, call } = guarded();
  for (let i = 0; i < 5; i++) await call(new TimedOut(1));
  guard.changed({ id: "x", name: "y", version: 2, fields: { transport: "http" } });
  await call();
  expect(guard.view().state).toBe("closed");
});
