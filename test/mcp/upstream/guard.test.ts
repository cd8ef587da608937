import { expect, test } from "bun:test";
import { createLog } from "../../../src/lib/log.ts";
import type { Problem } from "../../../src/lib/problem.ts";
import { Absent, callerLeft, Refused, TimedOut, unavailable } from "../../../src/mcp/upstream/failures.ts";
import { createGuard, LeftAlone } from "../../../src/mcp/upstream/guard.ts";
import type { Upstream } from "../../../src/mcp/upstream/upstream.ts";
import { peerOf } from "./ways.ts";

/** A server that answers as it is told, or fails with this; and how its breaker stands then. */
function guarded() {
  let now = 0;
  let fails: Problem | undefined;
  let calls = 0;
  const logged: string[] = [];
  const log = createLog(
    (line) => logged.push((JSON.parse(line) as { message: string }).message),
    "info",
    () => false,
    () => now,
  );
  const guard = createGuard({ id: "x", name: "x", version: 1, fields: { transport: "http" } }, { now: () => now }, log);
  const upstream = guard.over({
    request: async () => {
      calls++;
      if (fails !== undefined) throw fails;
      return { error: '{"code":-32602,"message":"no such tool"}' };
    },
  } as unknown as Upstream);
  const peer = peerOf("User:a");
  const call = (why?: Problem) => {
    fails = why;
    return upstream.request("tools/call", "{}", { peer }).catch((error: Problem) => error);
  };
  const ask = (why?: Problem) => {
    fails = why;
    return upstream.request("tools/list", "{}").catch((error: Problem) => error);
  };
  return {
    guard,
    call,
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
