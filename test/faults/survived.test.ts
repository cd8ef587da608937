// The judgement must be able to fail: what is no survival is seen, in what was gathered and by those who gather it.
import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { sleep } from "../../src/lib/wait.ts";
import { ask, callOf } from "./ask.ts";
import type { Seen } from "./cell.ts";
import type { Cell, Fault } from "./faults.ts";
import { grown, processesWith, takeStock } from "./left.ts";
import { notSurvived } from "./survived.ts";

const cell: Cell = { gets: { error: "no answer within 1 s" }, seen: true };
const fault: Fault = {
  name: "x",
  group: "answer",
  cells: { stdio: cell, http: cell, sse: cell, container: cell },
};
const error = { code: -32603, message: 'server "x": the server gave no answer within 1 s' };
const survived: Seen = {
  heard: { ms: 1_020, messages: [{ jsonrpc: "2.0", id: 7, error }], broken: [] },
  listed: undefined,
  id: 7,
  arrived: 1,
  neighbour: { calls: 20, failed: [], took: [] },
  status: { state: "RUNNING", breaker: { state: "closed", failures: 1, last: "no answer" } },
  audited: [{ seq: 9, outcome: "error" }],
  stillBroken: undefined,
  left: [],
  lagMs: 5,
};
const heard = (...messages: object[]): Partial<Seen> => ({ heard: { ms: 10, messages, broken: [] } });
const answer = { jsonrpc: "2.0", id: 7, error };

test("what survived has nothing against it", () => {
  expect(notSurvived(fault, cell, survived)).toEqual([]);
});

test.each<[string, Partial<Seen>]>([
  ["it came too late", { heard: { ...survived.heard, ms: 1_800 } }],
  ["nothing came", heard()],
  ["it was answered twice", heard(answer, answer)],
  ["it is no JSON", { heard: { ms: 10, messages: [], broken: ["<html>"] } }],
  ["it is no JSON-RPC", heard({ ...answer, jsonrpc: "1.0" })],
  ["it answers another call", heard({ ...answer, id: 8 })],
  ["it is both", heard({ ...answer, result: {} })],
  ["it is neither", heard({ jsonrpc: "2.0", id: 7 })],
  ["its code is another's", heard({ ...answer, error: { ...error, code: -32000 } })],
  ["its code is no number", heard({ ...answer, error: { ...error, code: "-32603" } })],
  ["it says something else", heard({ ...answer, error: { ...error, message: "Something broke" } })],
  ["a result where none can be", heard({ jsonrpc: "2.0", id: 7, result: { content: [] } })],
  ["the call was sent twice", { arrived: 2 }],
  ["a call of the neighbour failed", { neighbour: { calls: 20, failed: ["error"], took: [] } }],
  ["the neighbour was never called", { neighbour: { calls: 0, failed: [], took: [] } }],
  ["its state tells of nothing", { status: { state: "RUNNING", breaker: { state: "closed", failures: 0 } } }],
  ["it has no breaker", { status: { state: "RUNNING" } }],
  ["an ERROR without a reason", { status: { state: "ERROR" } }],
  ["nothing was recorded", { audited: [] }],
  ["it was recorded twice", { audited: [...survived.audited, { seq: 10, outcome: "error" }] }],
  ["it was recorded as well done", { audited: [{ seq: 9, outcome: "ok" }] }],
  ["it never works again", { stillBroken: "no answer" }],
  ["a process is left", { left: ["4711 sleep"] }],
])("%s", (_, change) => {
  expect(notSurvived(fault, cell, { ...survived, ...change })).toHaveLength(1);
});

test("a slow machine is no fault of ours", () => {
  const slow = { ...survived, heard: { ...survived.heard, ms: 2_400 }, lagMs: 1_200 };
  expect(notSurvived(fault, cell, slow)).toEqual([]);
});

test("a list that names a tool twice, or is none", () => {
  const lists: Fault = { ...fault, lists: true };
  const listed = (...tools: object[]) => ({ ms: 1, messages: [{ result: { tools } }], broken: [] });
  expect(notSurvived(lists, cell, { ...survived, listed: listed({ name: "a" }, { name: "b" }) })).toEqual([]);
  expect(notSurvived(lists, cell, { ...survived, listed: listed({ name: "a" }, { name: "a" }) })).toHaveLength(1);
  expect(notSurvived(lists, cell, survived)).toHaveLength(1);
});

const before = { files: ["/a", "pipe:[1]"], timers: ["/src/a.ts:1"], zombies: ["sh"], rss: 100_000_000 };
test.each([
  ["a file", { files: ["/a", "/a", "pipe:[1]"] }],
  ["a timer", { timers: ["/src/a.ts:1", "/src/a.ts:1"] }],
  ["a zombie", { zombies: ["sh", "sh"] }],
  ["memory", { rss: 121_000_000 }],
])("%s more than before is seen, the same is not", (_, change) => {
  expect(grown(before, { ...before, ...change })).toHaveLength(1);
  expect(grown(before, { ...before, files: ["pipe:[1]"], timers: [], rss: 119_000_000 })).toEqual([]);
});

test("what is really left open is seen, until it no longer is", async () => {
  const stock = takeStock();
  const was = stock();
  const file = openSync("/dev/zero", "r");
  const ending = new AbortController();
  const sleeping = sleep(60_000, ending.signal);
  expect(grown(was, stock())).toEqual(["file /dev/zero", expect.stringMatching(/^timer of \/src\/lib\/wait\.ts/)]);
  ending.abort();
  await sleeping;
  closeSync(file);
  expect(grown(was, stock())).toEqual([]);
});

test("a process that lives on is seen by its mark", async () => {
  const mark = `mark-${crypto.randomUUID()}`;
  const child = Bun.spawn([process.execPath, "-e", "setTimeout(() => {}, 60_000)", mark]);
  const seen = () => processesWith(mark).map(({ pid }) => pid);
  // Until it has become what it was started as, its command line is another.
  for (const end = performance.now() + 5_000; seen().length === 0 && performance.now() < end; ) await Bun.sleep(5);
  expect(seen()).toEqual([child.pid]);
  child.kill();
  await child.exited;
  expect(processesWith(mark)).toEqual([]);
});

/** A gateway that is none: what a caller hears of it goes to the judgement. */
async function judged(respond: (id: number) => Response | Promise<Response>): Promise<string[]> {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => respond(((await request.json()) as { id: number }).id),
  });
  const message = callOf("x__echo", {});
  const gateway = { url: server.url.href, token: "t" };
  const seen = { ...survived, id: message.id, heard: await ask(gateway, message, 1_700) };
  await server.stop(true);
  return notSurvived(fault, cell, seen);
}
const text = (id: number) => JSON.stringify({ ...answer, id });
const events = { headers: { "content-type": "text/event-stream" } };

test.each<[string, (id: number) => Response | Promise<Response>, number]>([
  ["answers", (id) => new Response(text(id)), 0],
  ["answers in a stream", (id) => new Response(`data: ${text(id)}\n\n`, events), 0],
  ["hangs", () => new Promise<Response>(() => {}), 2],
  ["answers twice", (id) => new Response(`data: ${text(id)}\n\ndata: ${text(id)}\n\n`, events), 1],
  ["says that it broke", () => Response.json({ title: "Something broke on our side", status: 500 }), 1],
  ["says half of it", (id) => new Response(text(id).slice(0, -5)), 1],
  [
    "never ends its stream",
    (id) => new Response(new ReadableStream({ start: (c) => c.enqueue(`data: ${text(id)}\n\n`) }), events),
    2,
  ],
])("a gateway that %s", async (_, respond, faults) => {
  expect(await judged(respond)).toHaveLength(faults);
});
