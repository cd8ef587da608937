import { expect, test } from "bun:test";
import { Problem } from "../../../src/lib/problem.ts";
import { createPrivates, needsOwn } from "../../../src/mcp/upstream/private.ts";
import type { Upstream } from "../../../src/mcp/upstream/upstream.ts";
import { peerOf } from "./ways.ts";

const ownerOf = (subject: string) => ({ subject, program: "p", abilities: {}, hearsLogs: false });

function setUp() {
  let now = 0;
  const opened: { closed: boolean; answer: () => void; end: (why: Problem) => void }[] = [];
  const privates = createPrivates({ now: () => now });
  const open = async () => {
    const answer = Promise.withResolvers<{ result: string }>();
    const ended = Promise.withResolvers<Problem>();
    const state = { closed: false, answer: () => answer.resolve({ result: "{}" }), end: ended.resolve };
    opened.push(state);
    const close = () => {
      state.closed = true;
    };
    const ask = (...[, , , asker]: Parameters<Upstream["ask"]>) =>
      void answer.promise.then((outcome) => asker.answered(outcome));
    const upstream = { ask, ended: ended.promise, close };
    return { upstream: upstream as unknown as Upstream };
  };
  const get = (n: number, server = "s") => privates.get(server, ownerOf(`${n}`), open);
  const pass = (ms: number) => {
    now += ms;
    privates.sweep();
  };
  return { privates, opened, get, open, pass };
}

test("a conversation is closed after five minutes without a call, not during one however long it takes", async () => {
  const { opened, get, pass } = setUp();
  const calling = (await get(0)).request("x", "{}");
  await get(1);
  pass(5 * 60_000);
  expect(opened.map(({ closed }) => closed)).toEqual([false, true]);
  opened[0]?.answer();
  await calling;
  pass(4 * 60_000);
  expect(opened[0]?.closed).toBe(false);
  pass(60_000);
  expect(opened[0]?.closed).toBe(true);
});

test("the one that was used longest ago makes room, and when all are in use there is none", async () => {
  const { opened, get, pass } = setUp();
  for (let n = 0; n < 32; n++) {
    await get(n);
    pass(1);
  }
  await get(0);
  await get(32);
  expect(opened.flatMap(({ closed }, n) => (closed ? [n] : []))).toEqual([1]);
  const calls = [0, ...Array.from({ length: 31 }, (_, n) => n + 2)].map(async (n) => (await get(n)).request("x", "{}"));
  await Bun.sleep(1);
  await expect(get(99)).rejects.toThrow("too many callers");
  for (const { answer } of opened) answer();
  await Promise.all(calls);
  await get(99);
});

const mean = (program: string) => ({ ...ownerOf("User:mean"), program });

test("one caller's do not take the room of others, however many different things it declares", async () => {
  const { privates, opened, get, open } = setUp();
  for (let n = 0; n < 9; n++) await privates.get("s", mean(`${n}`), open);
  expect([privates.size(), opened[0]?.closed]).toEqual([8, true]);
  for (let n = 1; n < 9; n++) void privates.get("s", mean(`${n}`), open).then((one) => one.request("x", "{}"));
  await Bun.sleep(1);
  await expect(privates.get("s", mean("9"), open)).rejects.toThrow("too many callers");
  await get(1);
});

test("one caller has no more than 16 opened in 20 seconds, whether they open or not; others do meanwhile", async () => {
  const { privates, opened, get, open, pass } = setUp();
  const failing = () => Promise.reject(new Error("it ended"));
  for (let n = 0; n < 16; n++) await privates.get("s", mean(`${n}`), n % 2 === 0 ? open : failing).catch(() => {});
  await expect(privates.get("s", mean("16"), open)).rejects.toThrow("16 conversations of your own");
  await privates.get("s", mean("14"), open);
  await privates.get("other", mean("16"), open);
  await get(1);
  pass(20_000);
  await privates.get("s", mean("16"), open);
  expect(opened).toHaveLength(8 + 3);
});

test("there are no more than 256 for all servers together", async () => {
  const { privates, opened, get } = setUp();
  for (let server = 0; server < 10; server++) for (let n = 0; n < 30; n++) await get(n, `s${server}`);
  expect(privates.size()).toBe(256);
  expect(opened.filter(({ closed }) => closed)).toHaveLength(44);
});

test("one that ended or never opened is opened anew; those that open together are one", async () => {
  const { privates, opened, get } = setUp();
  const [a, b] = await Promise.all([get(0), get(0)]);
  expect(a).toBe(b as Upstream);
  opened[0]?.end(new Problem("unavailable", "over"));
  await Bun.sleep(0);
  expect(await get(0)).not.toBe(a as Upstream);
  await expect(privates.get("s", ownerOf("bad"), () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(privates.size()).toBe(1);
});

test("one that is let go of while it opens is closed once it is open", async () => {
  const { privates, opened, get } = setUp();
  const opening = get(0);
  privates.drop("s");
  await opening;
  expect(opened[0]?.closed).toBe(true);
});

test("only legacy servers need it, for those who may be asked or hear its log", () => {
  const legacy = { era: "legacy", capabilities: { logging: {} } } as const;
  const quiet = peerOf("User:a", { abilities: { extensions: { "x/y": {} } } });
  const cases = [
    needsOwn(legacy, peerOf("User:a")),
    needsOwn(legacy, { ...quiet, logLevel: "info" }),
    needsOwn(legacy, quiet),
    needsOwn({ ...legacy, capabilities: {} }, { ...quiet, logLevel: "info" }),
    needsOwn({ ...legacy, era: "modern" }, peerOf("User:a")),
  ];
  expect(cases).toEqual([true, true, false, false, false]);
});
