import { describe, expect, test } from "bun:test";
import { createCounters } from "../../../src/lib/counters.ts";
import { Ending } from "../../../src/lib/ending.ts";
import { Problem } from "../../../src/lib/problem.ts";
import type { Outcome } from "../../../src/mcp/answers.ts";
import { wholeOf } from "../../../src/mcp/params.ts";
import { dialogue, type Manner } from "../../../src/mcp/upstream/dialogue.ts";
import { Absent, Busy } from "../../../src/mcp/upstream/failures.ts";
import type { Ear, Wire } from "../../../src/mcp/upstream/wire.ts";
import { type ServerLimits, serverLimitsOf } from "../../../src/resources/limits.ts";
import { peerOf } from "./ways.ts";

/** A dialogue whose wire is the test itself. */
function setUp(manner: Partial<Manner> = {}, limits: Partial<ServerLimits> = {}) {
  const sent: {
    id?: number;
    method?: string;
    params?: Record<string, unknown>;
    result?: unknown;
    error?: { message: string };
  }[] = [];
  let ear: Ear | undefined;
  const wire: Wire = {
    hear(given) {
      ear = given;
    },
    request({ text }) {
      sent.push(JSON.parse(wholeOf(text)));
      return { letGo() {} };
    },
    post: async (text) => void sent.push(JSON.parse(text)),
    cancelsBy: "message",
    close: () => {},
  };
  const counters = createCounters();
  const talk = dialogue(wire, serverLimitsOf({ limits }), counters.of("x"));
  talk.speak({ takesAsks: true, onNotification: () => {}, ...manner });
  const say = (message: object, via?: number) => ear?.receive(JSON.stringify({ jsonrpc: "2.0", ...message }), via);
  const ask = (id: unknown, via?: number) => say({ id, method: "elicitation/create", params: { message: "?" } }, via);
  const settled = async () => {
    await Bun.sleep(1);
    return sent;
  };
  return {
    ...talk,
    sent,
    counters,
    say,
    ask,
    settled,
    raw: (text: string) => ear?.receive(text),
    end: (why: Problem) => ear?.ended(why),
  };
}

test("a long message is read while others have their turns, and answers once it is", async () => {
  const { request, sent, say, settled } = setUp();
  const asked = request("tools/call", "{}");
  await settled();
  const result = { rows: Array.from({ length: 9_000 }, (_, n) => ({ n, of: [`a "word" ${"x".repeat(400)}`, null] })) };
  let isAnswered = false;
  void asked.then(() => {
    isAnswered = true;
  });
  const reading = say({ id: sent[0]?.id, result });
  let isRead = false;
  void reading?.then(() => {
    isRead = true;
  });
  let turns = 0;
  for (; !isRead && turns < 10_000; turns++) await Bun.sleep(0);
  expect(turns).toBeGreaterThan(4);
  expect(isAnswered).toBe(true);
  expect(await asked).toMatchObject({ result: JSON.stringify(result) });
});

test.each([
  ["is no JSON", '{"jsonrpc":"2.0","id":1,"result":{"rows":[1,,', "no JSON-RPC"],
  ["is nested too deep", `{"jsonrpc":"2.0","id":1,"result":{"rows":[${"[".repeat(200)}`, "deep"],
])("of a long message that %s is told at once whose answer it was to be", async (_, start, why) => {
  const { request, settled, raw } = setUp();
  const asked = request("tools/call", "{}");
  await settled();
  await raw(`${start}${`"${"x".repeat(100)}",`.repeat(10_000)}1]}}`);
  expect(await asked.catch(String)).toContain(why);
});

test("what was given up before it began is not sent, and nobody waits for it", async () => {
  const { request, sent } = setUp();
  const ending = new Ending();
  ending.end();
  expect(await request("tools/call", "{}", { ending, timeoutMs: 300 }).catch(String)).toContain("the caller went away");
  expect(sent).toEqual([]);
});

describe("answers", () => {
  test("find their requests by ids of our own, in any order, and what answers nothing is dropped", async () => {
    const { request, say, raw, sent } = setUp();
    const [a, b] = [request("a", "{}"), request("b", "{}")];
    expect(sent.map(({ id }) => id)).toEqual([1, 2]);
    for (const noise of [
      "",
      "[]",
      "{",
      '"x"',
      '{"id":2}x',
      '{"id":"2","result":{}}',
      '{"id":9,"result":{}}',
      '{"id":2,"method":7}',
    ])
      raw(noise);
    raw('{"id":2,"result":{"big":9007199254740993,"z":-0}}');
    say({ id: 2, result: "twice" });
    say({ id: 1, error: { code: 5, message: "m" } });
    expect(await Promise.all([a, b])).toMatchObject([
      { error: '{"code":5,"message":"m"}' },
      { result: '{"big":9007199254740993,"z":-0}' },
    ]);
  });

  test("that are refused before they are read come without an id, on the request's own stream alone", async () => {
    const { request, say } = setUp();
    const asked = request("a", "{}");
    say({ id: null, error: { code: -32700 } });
    say({ id: null, result: {} }, 1);
    say({ id: null, error: { code: -32600 } }, 1);
    expect(await asked).toEqual({ error: '{"code":-32600}' });
  });

  test("all who wait, for an answer or for their turn, are told when nothing more will come", async () => {
    const { request, end, ended, underWay } = setUp({}, { inFlight: 2 });
    const peer = peerOf("User:a");
    const waiting = [peer, peer, peer, undefined].map((who) => request("a", "{}", { peer: who }).catch(String));
    expect(underWay()).toBe(3);
    end(new Problem("unavailable", "it fell"));
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["Problem: it fell"]));
    await expect(request("a", "{}")).rejects.toThrow("it fell");
    expect((await ended).message).toBe("it fell");
  });

  test("that do not come in time are taken back, an introduction is not", async () => {
    const { request, sent } = setUp();
    await request("initialize", "{}", { timeoutMs: 5 }).catch(() => {});
    await request("tools/call", "{}", { timeoutMs: 5 }).catch(() => {});
    expect(sent.map(({ method, params }) => [method, params?.["requestId"]])).toEqual([
      ["initialize", undefined],
      ["tools/call", undefined],
      ["notifications/cancelled", 2],
    ]);
  });
});

describe("calls beyond limits.inFlight", () => {
  const few = { inFlight: 2, queue: 4 };
  const [a, b] = [peerOf("User:a"), peerOf("User:b")];
  const namesOf = (sent: readonly { method?: string }[]) => sent.map(({ method }) => method);

  test("wait in order, callers by turns, and go out as others end", async () => {
    const { request, say, sent, counters } = setUp({}, few);
    for (const name of ["a1", "a2", "a3", "a4"]) void request(name, "{}", { peer: a });
    void request("b1", "{}", { peer: b });
    expect(namesOf(sent)).toEqual(["a1", "a2"]);
    expect([counters.total("calls_waiting"), counters.total("calls_under_way")]).toEqual([3, 2]);
    for (const id of [1, 2]) say({ id, result: {} });
    expect(namesOf(sent)).toEqual(["a1", "a2", "a3", "b1"]);
    say({ id: 3, result: {} });
    expect(namesOf(sent)).toEqual(["a1", "a2", "a3", "b1", "a4"]);
    for (const id of [4, 5]) say({ id, result: {} });
    expect([counters.total("calls_waiting"), counters.total("calls_under_way"), counters.total("calls")]).toEqual([
      0, 0, 5,
    ]);
  });

  test("are refused when limits.queue wait, with the words and a class that says nothing against the server", async () => {
    const { request, sent, counters } = setUp({}, few);
    for (const peer of [a, a, a, a, a, b]) void request("x", "{}", { peer });
    const refused = await request("y", "{}", { peer: b }).catch((why: Problem) => why);
    expect(refused).toBeInstanceOf(Busy);
    expect(refused).toMatchObject({
      status: 429,
      message: "it has 2 calls under way and 4 waiting; limits.inFlight and limits.queue of the server set this",
    });
    expect([sent.length, counters.numbers("calls_refused").get("x")]).toEqual([2, 1]);
  });

  test("of one caller leave room for those of others, under way and waiting", async () => {
    const { request, sent } = setUp({}, { inFlight: 4, queue: 4 });
    for (let n = 0; n < 6; n++) void request("a", "{}", { peer: a });
    expect(sent).toHaveLength(3);
    await expect(request("a", "{}", { peer: a })).rejects.toThrow("3 calls of yours under way and 3 waiting");
    for (let n = 0; n < 2; n++) void request("b", "{}", { peer: b });
    expect(namesOf(sent)).toEqual(["a", "a", "a", "b"]);
  });

  test("whose caller goes away, or whose time is up, leave the queue and are never sent", async () => {
    const { request, say, sent, counters } = setUp({}, few);
    const leaving = new Ending();
    for (const name of ["1", "2"]) void request(name, "{}", { peer: a });
    const left = request("left", "{}", { peer: a, ending: leaving }).catch(String);
    const late = request("late", "{}", { peer: a, timeoutMs: 5 }).catch((why: Problem) => why);
    void request("3", "{}", { peer: a });
    leaving.end();
    expect(await left).toContain("the caller went away");
    expect(await late).toBeInstanceOf(Busy);
    expect(await late).toMatchObject({ message: expect.stringContaining("for its turn; limits.inFlight") });
    for (const id of [1, 2]) say({ id, result: {} });
    expect(namesOf(sent)).toEqual(["1", "2", "3"]);
    expect([counters.total("calls_waiting"), counters.total("calls_unanswered")]).toEqual([0, 0]);
  });

  test("keep nobody from asking what the server offers and whether it lives", () => {
    const { request, sent } = setUp({}, few);
    for (let n = 0; n < 6; n++) void request("x", "{}", { peer: a }).catch(() => {});
    void request("tools/list", "{}");
    expect(namesOf(sent)).toEqual(["x", "x", "tools/list"]);
  });
});

describe("a message that is too much", () => {
  const deep = `${"[".repeat(20)}${"]".repeat(20)}`;
  test.each([
    ["big in bytes", { messageBytes: 5_000 }, `"${"é".repeat(3_000)}"`, "over 5 KiB; limits.messageBytes"],
    ["big", { messageBytes: 5_000 }, `"${"x".repeat(6_000)}"`, "over 5 KiB; limits.messageBytes of the server sets"],
    ["deep", { depth: 9 }, deep, "nested over 9 deep; limits.depth of the server"],
    ["wide", { elements: 100 }, `[${"0,".repeat(200)}0]`, "over 100 values; limits.elements of the server"],
    ["long a number", {}, "1".repeat(2_000), "a number of over 1000 digits"],
    ["no JSON", {}, "[1", "is no JSON-RPC"],
  ])("too %s fails the call that it answers, at once and saying why", async (_, limits, inner, why) => {
    for (const text of [
      `{"jsonrpc":"2.0","id":1,"result":{"x":${inner}}}`,
      `{"result":{"x":${inner}},"jsonrpc":"2.0","id":1}`,
      `{"jsonrpc":"2.0","result":{"id":7,"x":${inner}},"id":1}`,
    ]) {
      const { request, raw, counters } = setUp({}, limits);
      const asked = request("a", "{}", { peer: peerOf("User:a") }).catch((error: Error) => error.message);
      raw(text);
      expect(await asked).toContain(why);
      expect(counters.numbers("messages_refused").get("x")).toBe(1);
    }
  });

  test("and no answer fails nothing, nor does one of which nobody can see whose it is", async () => {
    const { request, raw, say, counters } = setUp({}, { messageBytes: 5_000 });
    const asked = request("a", "{}");
    const big = "x".repeat(6_000);
    raw(`{"jsonrpc":"2.0","method":"notifications/x","params":{"id":1,"x":"${big}"}}`);
    raw(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"${big}"}}`);
    raw(`{"jsonrpc":"2.0","result":{"id":1,"x":"${big}"},"x":1,"id":1,"y":2}`);
    raw(`{"jsonrpc":"2.0","id":2,"result":"${big}"}`);
    expect(counters.total("messages_refused")).toBe(4);
    say({ id: 1, result: {} });
    expect(await asked).toMatchObject({ result: "{}" });
  });
});

test.each([
  ["the server's time", { timeoutMs: undefined }, { callSeconds: 0.005 }, "limits.callSeconds of the server sets this"],
  ["the project's", { longestMs: 5 }, {}, "limits.callSeconds of the project sets this"],
])("a call that has no answer within %s says which field set it", async (_, options, limits, why) => {
  const { request, counters } = setUp({}, limits);
  const { timeoutMs: _none, ...given } = { timeoutMs: undefined, ...options };
  const asked = request("a", "{}", given).catch((error: Error) => error.message);
  expect(await asked).toBe(`the server gave no answer within 0.005 s; ${why}`);
  expect(counters.total("calls_unanswered")).toBe(1);
});

test("that a project waits for less than its servers take says nothing against them", async () => {
  const { request } = setUp();
  const peer = peerOf("User:a");
  expect(await request("a", "{}", { peer, longestMs: 5 }).catch((why) => why)).not.toBeInstanceOf(Absent);
  expect(await request("a", "{}", { peer, timeoutMs: 5 }).catch((why) => why)).toBeInstanceOf(Absent);
});

test("progress begins the time anew, but not beyond the project's", async () => {
  const { request, say } = setUp();
  const asked = request("a", "{}", { peer: peerOf("User:a"), timeoutMs: 40, longestMs: 120 }).catch(String);
  let isOver = false;
  void asked.then(() => {
    isOver = true;
  });
  while (!isOver) {
    say({ method: "notifications/progress", params: { progressToken: 1, progress: 1 } });
    await Bun.sleep(5);
  }
  expect(await asked).toContain("within 0.12 s; limits.callSeconds of the project sets this");
});

describe("questions", () => {
  test("that may be another caller's are refused, and so are those of nobody", async () => {
    const { request, ask, settled } = setUp();
    const [a, b] = [peerOf("User:a"), peerOf("User:b")];
    for (const peer of [a, b]) void request("x", "{}", { peer }).catch(() => {});
    ask(7);
    ask(8, 2);
    ask(9, 99);
    const answers = (await settled()).slice(2);
    expect(answers.find(({ id }) => id === 7)?.error?.message).toContain("cannot be attributed");
    expect(answers.find(({ id }) => id === 8)?.result).toMatchObject({ content: { from: "User:b" } });
    expect(answers.find(({ id }) => id === 9)?.error?.message).toContain("nobody to ask");
    expect(a.asked).toEqual([]);
  });

  test("in an era without any are refused, a sign of life is given in both", async () => {
    const { request, ask, say, settled } = setUp({ takesAsks: false });
    const peer = peerOf("User:a");
    void request("x", "{}", { peer }).catch(() => {});
    ask(7);
    say({ id: 8, method: "ping" });
    say({ id: 9, method: "tools/call" });
    const [, ...answers] = await settled();
    expect(answers.map(({ id, result, error }) => [id, result ?? Object(error).code])).toEqual([
      [7, -32601],
      [8, {}],
      [9, -32601],
    ]);
    expect(peer.asked).toEqual([]);
  });

  test("that the server takes back are not answered, and the client learns of it", async () => {
    const { request, ask, say, settled } = setUp();
    let wasTold = false;
    const peer = peerOf("User:a", {
      ask: (_method, _params, signal) =>
        new Promise<Outcome>(() => {
          signal.addEventListener("abort", () => {
            wasTold = true;
          });
        }),
    });
    void request("x", "{}", { peer }).catch(() => {});
    ask("q");
    say({ method: "notifications/cancelled", params: { requestId: "q" } });
    expect(await settled()).toHaveLength(1);
    expect(wasTold).toBe(true);
  });

  test("end with their call, and no more than 32 wait", async () => {
    const { request, ask, say, settled } = setUp();
    const peer = peerOf("User:a", { ask: () => new Promise<Outcome>(() => {}) });
    void request("x", "{}", { peer });
    for (let id = 0; id < 33; id++) ask(id);
    ask(0);
    const refused = (await settled()).slice(1);
    expect(refused.map(({ id }) => id)).toEqual([32, 0]);
    say({ id: 1, result: {} });
    expect(
      (await settled()).slice(3).every(({ error }) => error?.message === "Nobody waits for the answer any more"),
    ).toBe(true);
    expect(await settled()).toHaveLength(1 + 2 + 32);
  });

  test("that outlive the call they were taken to be of go to one that was under way then", async () => {
    const { request, ask, say, settled } = setUp();
    const silent = () => peerOf("User:a", { ask: () => new Promise<Outcome>(() => {}) });
    const [first, guessed, later] = [peerOf("User:a"), silent(), silent()];
    void request("asks", "{}", { peer: first });
    void request("is quick", "{}", { peer: guessed });
    ask("q");
    void request("comes later", "{}", { peer: later });
    say({ id: 2, result: {} });
    expect((await settled()).at(-1)).toMatchObject({ id: "q", result: { content: { from: "User:a" } } });
    expect(first.asked).toHaveLength(1);
    // On its own call's stream there is nothing to guess.
    void request("asks", "{}", { peer: silent() });
    ask("r", 4);
    say({ id: 4, result: {} });
    expect((await settled()).at(-1)?.error?.message).toBe("Nobody waits for the answer any more");
  });

  test("are asked without the server's token for progress", async () => {
    const { request, say, settled } = setUp();
    const peer = peerOf("User:a");
    void request("x", "{}", { peer }).catch(() => {});
    say({ id: 1, method: "roots/list", params: { _meta: { progressToken: 3, kept: 1 } } });
    await settled();
    expect(peer.asked).toEqual([["roots/list", { _meta: { kept: 1 } }]]);
  });
});

test("progress under a token of nobody's, or of one who wants none, is dropped", async () => {
  const { request, say } = setUp();
  const [a, b] = [peerOf("User:a", { progressToken: '"t"' }), peerOf("User:b", { progressToken: undefined })];
  for (const peer of [a, b]) void request("x", '{"_meta":{"traceparent":"00"}}', { peer }).catch(() => {});
  for (const progressToken of [1, 2, 3, "1", null])
    say({ method: "notifications/progress", params: { progressToken, progress: 1 } });
  expect(a.heard).toEqual([["notifications/progress", { progressToken: "t", progress: 1 }]]);
  expect(b.heard).toEqual([]);
});

test("a flood of progress is passed on in part, and still begins the time anew", async () => {
  const { request, say } = setUp();
  const peer = peerOf("User:a");
  const asked = request("x", "{}", { peer, timeoutMs: 100 });
  for (let n = 0; n < 1_000; n++) say({ method: "notifications/progress", params: { progressToken: 1, progress: n } });
  expect(peer.heard.length).toBeGreaterThanOrEqual(100);
  expect(peer.heard.length).toBeLessThanOrEqual(200);
  say({ id: 1, result: {} });
  await asked;
});

test("what follows a long message that nobody asked for waits until all others have had their part of the time", async () => {
  let toldAt = 0;
  const { say } = setUp({
    onNotification() {
      toldAt = performance.now();
    },
  });
  const rows = Array.from({ length: 8_000 }, (_, n) => ({ n, of: [`a "word" ${"x".repeat(200)}`, null] }));
  await say({ method: "notifications/x", params: { rows } });
  // Four times what it took to read two megabytes.
  expect(performance.now() - toldAt).toBeGreaterThan(10);
  expect(toldAt).toBeGreaterThan(0);
});
