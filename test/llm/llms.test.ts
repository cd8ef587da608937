import { afterEach, describe, expect, test } from "bun:test";
import { createCounters } from "../../src/lib/counters.ts";
import type { LlmRef } from "../../src/llm/exchange.ts";
import type { CompletionOptions } from "../../src/llm/llm.ts";
import { createLlms } from "../../src/llm/llms.ts";
import { createEgress } from "../../src/mcp/upstream/egress.ts";
import type { LlmFields } from "../../src/resources/llm.ts";
import { roadTo } from "../../src/server/llms.ts";
import { logTo } from "../log.ts";
import { type LlmServerOptions, type Rude, startLlmServer } from "../servers/llm-server.ts";

type Server = ReturnType<typeof startLlmServer>;
const servers: Server[] = [];
const canary = "sk-canary-51c0a7";

afterEach(() => {
  for (const server of servers.splice(0)) server.stop();
});

const serve = (options?: LlmServerOptions): Server => {
  const server = startLlmServer(options);
  servers.push(server);
  return server;
};

type Written = Partial<LlmFields> & { url: string };

/** The room with these llms written, by their names; the project's is the first. */
async function room(written: Record<string, Written>) {
  let now = 0;
  const logs: string[] = [];
  const keys = new Map<string, string>();
  const rows = new Map(
    Object.entries(written).map(([name, fields]): [string, LlmRef] => [
      name,
      { id: `id-${name}`, name, fields: { type: "openai-compatible", model: "test-model", ...fields } },
    ]),
  );
  const clock = { now: () => now };
  const counters = createCounters();
  const llms = createLlms({
    list: async () => [...rows.values()],
    keyOf: async ({ name }) => keys.get(name),
    send: roadTo(createEgress(clock, false)),
    clock,
    log: logTo((line) => void logs.push(line)),
    counters,
  });
  await llms.sync();
  const [own = ""] = rows.keys();
  const llm = llms.of({ llm: own });
  if (llm === undefined) throw new Error("there is no llm");
  return {
    llms,
    llm,
    rows,
    keys,
    logs,
    counters,
    advance: (ms: number) => {
      now += ms;
    },
    status: (name = own) => llms.statusOf(`id-${name}`),
    /** What it is told when there is no answer. */
    why: (options?: CompletionOptions) =>
      llm.complete("say", options).then(
        (text) => `no failure: ${text}`,
        (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
      ),
  };
}

const types = ["openai-compatible", "anthropic"] as const;

describe.each(types)("by the API that is called %s", (type) => {
  test("it is asked once, with its model, its key, the system's words, the bound, and nothing left to chance", async () => {
    const server = serve({ key: canary, answer: (prompt) => `heard ${prompt}` });
    const { llm, keys, counters, status } = await room({ own: { url: `${server.url}/base`, type } });
    keys.set("own", canary);
    expect(status()).toEqual({ state: "UNKNOWN" });
    expect(await llm.complete("hello", { system: "Be brief.", maxTokens: 50 })).toBe("heard hello");
    const [asked] = server.requests;
    expect(server.requests).toHaveLength(1);
    expect(asked?.path).toBe(type === "anthropic" ? "/base/v1/messages" : "/base/v1/chat/completions");
    expect([asked?.authorized, asked?.prompt, asked?.system]).toEqual([true, "hello", "Be brief."]);
    expect(asked?.body).toMatchObject({ model: "test-model", temperature: 0, max_tokens: 50 });
    expect(asked?.body["tools"]).toBeUndefined();
    expect(status()).toEqual({ state: "READY" });
    const told = ["llm_calls", "llm_failures", "llm_prompt_tokens", "llm_completion_tokens"] as const;
    expect(told.map((what) => counters.numbers(what).get("own") ?? 0)).toEqual([1, 0, 7, 3]);
  });

  test.each<[Rude, RegExp]>([
    ["html", /^unavailable: llm "own": it answers with a web page/],
    ["truncated", /^unavailable: llm "own": its answer is no JSON object$/],
    ["notJson", /^unavailable: llm "own": its answer is no JSON object$/],
    ["toolCalls", /^unavailable: llm "own": it answered with calls of tools/],
    ["empty", /^unavailable: llm "own": its answer is empty$/],
    ["huge", /^unavailable: llm "own": its answer is over 1 MiB$/],
  ])("an answer that is %s is no answer, and says what it is", async (rude, words) => {
    const server = serve();
    const { why, status, counters } = await room({ own: { url: server.url, type } });
    server.behaviour.rude = rude;
    expect(await why()).toMatch(words);
    expect(status()["state"]).toBe("DOWN");
    expect(counters.numbers("llm_failures").get("own")).toBe(1);
    delete server.behaviour.rude;
    expect(await why()).toStartWith("no failure");
    expect(status()).toEqual({ state: "READY" });
  });

  test("thoughts are the answer where there is no other, and what was cut is marked", async () => {
    const server = serve({ answer: () => "said" });
    const { llm } = await room({ own: { url: server.url, type } });
    server.behaviour.rude = "reasoningOnly";
    expect(await llm.complete("say")).toBe("They want something short.");
    delete server.behaviour.rude;
    server.behaviour.cut = true;
    expect(await llm.complete("say")).toBe("said…");
  });
});

test.each([
  [307, /it redirects elsewhere, which is not followed.*HTTP 307/, false],
  [400, /it refuses the request.*HTTP 400/, true],
  [401, /it refuses the key.*HTTP 401/, false],
  [403, /it refuses the key.*HTTP 403/, false],
  [404, /no such `model` \(HTTP 404\)/, false],
  [429, /it has too much to do \(HTTP 429\)/, true],
  [500, /it fails \(HTTP 500\)/, true],
])("HTTP %i is asked once and said in our own words", async (status, words, isUp) => {
  const server = serve();
  const { why, llm } = await room({ own: { url: server.url } });
  server.behaviour.status = status;
  expect(await why()).toMatch(words);
  expect(server.asked()).toHaveLength(1);
  expect(llm.available()).toBe(isUp);
});

test("a key that is refused, echoed or no header is in no message and no log", async () => {
  const server = serve({ key: "another" });
  const { why, keys, logs, status, llms, rows } = await room({ own: { url: server.url } });
  const seen: string[] = [];
  for (const key of [canary, `${canary}\nx`]) {
    keys.set("own", key);
    await llms.sync();
    seen.push(await why(), JSON.stringify(status()));
  }
  expect(seen[0]).toContain("it refuses the key");
  expect(seen[2]).toContain("its key holds a line break");
  const own = rows.get("own") as LlmRef;
  const found = await llms.probe({ fields: own.fields, key: canary }, new AbortController().signal);
  expect(found.failure?.httpStatus).toBe(401);
  expect([...seen, ...logs, JSON.stringify(found), Bun.inspect(found)].join("\n")).not.toContain(canary);
  expect(logs.join("\n")).toContain("an llm is left alone");
});

test("a new key counts at once", async () => {
  const server = serve({ key: "second" });
  const { why, keys, llms, llm } = await room({ own: { url: server.url } });
  keys.set("own", "first");
  expect(await why()).toContain("it refuses the key");
  keys.set("own", "second");
  expect(llm.available()).toBe(false);
  await llms.sync();
  expect(llm.available()).toBe(true);
  expect(await why()).toStartWith("no failure");
});

test("one that is busy and says for how long is asked once more, where there is time for it", async () => {
  const server = serve();
  const { why } = await room({ own: { url: server.url, timeoutSeconds: 2 } });
  const statuses = [503, 200, 429, 429, 503, 503];
  server.behaviour.status = () => statuses.shift();
  server.behaviour.retryAfter = "0";
  expect(await why()).toStartWith("no failure");
  expect(await why()).toContain("HTTP 429");
  expect(server.asked()).toHaveLength(4);
  server.behaviour.retryAfter = "3600";
  expect(await why()).toContain("HTTP 503");
  server.behaviour.retryAfter = new Date(3_600_000).toUTCString();
  expect(await why()).toContain("HTTP 503");
  expect(server.asked()).toHaveLength(6);
});

test("one that is slow is given up at its time, and the request is taken back", async () => {
  const server = serve();
  const { why, status } = await room({ own: { url: server.url, timeoutSeconds: 1 } });
  server.behaviour.hang = true;
  expect(await why()).toBe('unavailable: llm "own": it gave no answer within 1 s; `timeoutSeconds` sets this');
  expect(status()).toMatchObject({ state: "DOWN", reason: expect.stringContaining("within 1 s") });
  while (server.requests[0]?.aborted() !== true) await Bun.sleep(5);
});

test("who goes away takes the request back, under way or in line, and nothing is held against the llm", async () => {
  const server = serve();
  const { why, status, llm, counters } = await room({ own: { url: server.url, concurrency: 1 } });
  server.behaviour.hang = true;
  const leaving = new AbortController();
  const both = [why({ signal: leaving.signal }), why({ signal: leaving.signal })];
  while (server.asked().length === 0) await Bun.sleep(5);
  leaving.abort();
  expect(await Promise.all(both)).toEqual(Array(2).fill('unavailable: llm "own": whoever asked went away'));
  expect(await why({ signal: AbortSignal.abort() })).toContain("went away");
  while (server.requests[0]?.aborted() !== true) await Bun.sleep(5);
  expect(server.asked()).toHaveLength(1);
  expect([status(), counters.total("llm_failures")]).toEqual([{ state: "UNKNOWN" }, 0]);
  server.behaviour.hang = false;
  expect(await llm.complete("say")).toBe("answer to 3 characters");
});

test("so many are under way, so many wait, and the next is told at once", async () => {
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const server = serve({
    answer: async () => {
      await gate;
      return "said";
    },
  });
  const { why, llm } = await room({ own: { url: server.url, concurrency: 2 } });
  const asked = Array.from({ length: 2 + 64 }, () => llm.complete("say"));
  expect(await why()).toBe('unavailable: llm "own": 2 requests are under way and 64 wait');
  while (server.asked().length < 2) await Bun.sleep(5);
  expect(server.asked()).toHaveLength(2);
  open();
  expect(new Set(await Promise.all(asked))).toEqual(new Set(["said"]));
});

test("waiting in line is part of the time", async () => {
  const server = serve();
  const { why, llms, rows } = await room({ own: { url: server.url, concurrency: 1 } });
  server.behaviour.hang = true;
  const leaving = new AbortController();
  const first = why({ signal: leaving.signal });
  while (server.asked().length === 0) await Bun.sleep(5);
  const own = rows.get("own") as LlmRef;
  rows.set("own", { ...own, fields: { ...own.fields, timeoutSeconds: 1 } });
  await llms.sync();
  expect(await why()).toBe('unavailable: llm "own": it had other requests to answer for 1 s');
  leaving.abort();
  await first;
  expect(server.asked()).toHaveLength(1);
});

test("one that is not there is left alone, for longer each time, and taken back when it answers", async () => {
  const server = serve();
  const { port } = server;
  server.stop();
  const { why, llm, status, advance, logs } = await room({ own: { url: server.url } });
  expect(llm.available()).toBe(true);
  expect(await why()).toBe('unavailable: llm "own": it cannot be reached: nothing takes connections at its address');
  expect([llm.available(), llm.identity()]).toEqual([false, undefined]);
  expect(await why()).toMatch(/it cannot be reached.*it is tried again in 5 s$/);
  advance(5_000);
  expect(llm.available()).toBe(true);
  await why();
  advance(5_000);
  expect(llm.available()).toBe(false);
  expect(status()).toMatchObject({ state: "DOWN", reason: expect.stringContaining("cannot be reached") });
  advance(5_000);
  serve({ port });
  expect(await llm.complete("say")).toBe("answer to 3 characters");
  expect([llm.available(), status()]).toEqual([true, { state: "READY" }]);
  expect(logs.filter((line) => line.includes("an llm is left alone"))).toHaveLength(2);
  expect(logs.at(-1)).toContain("an llm answers again");
});

test("whoever tries it and goes away leaves the try to the next", async () => {
  const server = serve();
  const { why, llm, advance } = await room({ own: { url: server.url } });
  server.behaviour.status = 404;
  await why();
  delete server.behaviour.status;
  server.behaviour.hang = true;
  advance(5_000);
  const leaving = new AbortController();
  const trying = why({ signal: leaving.signal });
  while (server.asked().length < 2) await Bun.sleep(5);
  expect(llm.available()).toBe(false);
  leaving.abort();
  await trying;
  expect(llm.available()).toBe(true);
});

test("one that fails is left alone after the fifth time", async () => {
  const server = serve();
  const { why, llm } = await room({ own: { url: server.url } });
  server.behaviour.status = 500;
  for (let times = 1; times <= 5; times++) {
    expect(llm.available()).toBe(true);
    await why();
  }
  expect(llm.available()).toBe(false);
  expect(await why()).toContain("has not answered 5 times in a row");
  expect(server.asked()).toHaveLength(5);
});

test("a request that it will not have is nothing against it, nor is a failure while it answers others", async () => {
  const server = serve();
  const { why, status, llm, advance } = await room({ own: { url: server.url } });
  server.behaviour.status = 400;
  for (let times = 1; times <= 6; times++) expect(await why()).toContain("it refuses the request");
  expect([llm.available(), status()]).toEqual([true, { state: "READY" }]);
  delete server.behaviour.status;
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  server.behaviour.answer = async (prompt) => {
    if (prompt === "say") await gate;
    return prompt === "say" ? {} : "said";
  };
  const late = why();
  while (server.asked().length < 7) await Bun.sleep(5);
  advance(1);
  expect(await llm.complete("another")).toBe("said");
  open();
  expect(await late).toContain("its answer is no chat completion");
  expect(status()).toEqual({ state: "READY" });
});

describe("tiers", () => {
  const three = async () => {
    const [own, fast, quick] = [serve({ answer: () => "own" }), serve({ answer: () => "fast" }), serve()];
    quick.stop();
    return { own, fast, quick };
  };

  test("a project's llm without a tier answers everything", async () => {
    const { own, fast } = await three();
    const { llm } = await room({ own: { url: own.url }, fast: { url: fast.url, tier: "fast" } });
    expect([llm.identity("fast"), llm.identity()]).toEqual(["own/test-model", "own/test-model"]);
    expect(await llm.complete("say", { tier: "fast" })).toBe("own");
  });

  test("one with a tier leaves the other to those of it, in order of their names, and answers where they do not", async () => {
    const { own, fast, quick } = await three();
    const { llm } = await room({
      own: { url: own.url, tier: "heavy" },
      // By name the first, and not there.
      another: { url: quick.url, tier: "fast" },
      fast: { url: fast.url, tier: "fast" },
      big: { url: fast.url, tier: "heavy" },
    });
    expect([llm.identity("fast"), llm.identity("heavy")]).toEqual(["another/test-model", "own/test-model"]);
    expect(await llm.complete("say", { tier: "fast" })).toBe("fast");
    expect(llm.identity("fast")).toBe("fast/test-model");
    expect(await llm.complete("say")).toBe("own");
    fast.stop();
    expect(await llm.complete("say", { tier: "fast" })).toBe("own");
    expect(llm.identity("fast")).toBe("own/test-model");
    expect(llm.available("fast")).toBe(true);
  });

  test("who has waited for one does not wait for the next", async () => {
    const { own, fast } = await three();
    const { llm } = await room({
      own: { url: own.url, tier: "heavy" },
      fast: { url: fast.url, tier: "fast" },
    });
    fast.behaviour.status = 500;
    expect(llm.complete("say", { tier: "fast" })).rejects.toThrow('llm "fast": it fails (HTTP 500)');
    while (fast.asked().length === 0) await Bun.sleep(5);
    await Bun.sleep(5);
    expect(own.asked()).toHaveLength(0);
  });

  test.each([
    ["http://127.0.0.1:9", "https://api.example.com", "own"],
    ["http://gpu.lan:8000", "https://9.9.9.9", "own"],
    ["http://10.0.0.7:8000", "https://8.8.8.8", "own"],
    ["http://gpu:8000", "http://192.168.1.9", "fast"],
    ["https://api.example.com", "http://192.168.1.9", "fast"],
    ["https://api.example.com", "https://other.example.com", "fast"],
  ])("what is of %s is %s's by its tier: %s", async (own, fast, who) => {
    const { llm } = await room({ own: { url: own, tier: "heavy" }, fast: { url: fast, tier: "fast" } });
    expect(llm.identity("fast")).toBe(`${who}/test-model`);
  });
});

test("what a project holds sees what is changed and deleted later", async () => {
  const [first, second] = [serve({ answer: () => "first" }), serve({ answer: () => "second" })];
  const { llm, llms, rows } = await room({ own: { url: first.url } });
  expect(await llm.complete("say")).toBe("first");
  const own = rows.get("own") as LlmRef;
  rows.set("own", { ...own, fields: { ...own.fields, url: second.url, model: "new" } });
  await llms.sync();
  expect([await llm.complete("say"), llm.identity()]).toEqual(["second", "own/new"]);
  rows.clear();
  await llms.sync();
  expect([llm.available(), llm.identity(), await llm.contextTokens()]).toEqual([false, undefined, undefined]);
  expect(llm.complete("say")).rejects.toThrow('llm "own": it was deleted');
  expect([llms.of({ llm: "own" }), llms.of({})]).toEqual([undefined, undefined]);
});

describe("the context", () => {
  test("is what is set, and nobody is asked", async () => {
    const server = serve({ contextTokens: 9_000 });
    const { llm } = await room({ own: { url: server.url, contextTokens: 4_096 } });
    expect([await llm.contextTokens(), server.requests.length]).toEqual([4_096, 0]);
  });

  test("is what the server tells, asked once in ten minutes, and behind once it is known", async () => {
    const server = serve({ contextTokens: 8_192 });
    const { llm, advance, status } = await room({ own: { url: server.url } });
    expect(await Promise.all([llm.contextTokens(), llm.contextTokens()])).toEqual([8_192, 8_192]);
    expect(await llm.contextTokens()).toBe(8_192);
    await Bun.sleep(20);
    expect(server.requests.map(({ path }) => path)).toEqual(["/v1/models"]);
    expect(status()).toMatchObject({ contextTokens: 8_192, models: ["test-model"] });
    server.behaviour.models = { data: [{ id: "test-model", max_model_len: 16_384 }] };
    advance(600_000);
    expect(await llm.contextTokens()).toBe(8_192);
    while ((await llm.contextTokens()) !== 16_384) await Bun.sleep(5);
    expect(server.requests).toHaveLength(2);
    server.behaviour.models = 500;
    advance(600_000);
    await llm.contextTokens();
    while (server.requests.length < 3) await Bun.sleep(5);
    expect(await llm.contextTokens()).toBe(16_384);
  });

  test.each([
    ["llama.cpp", { id: "test-model", meta: { n_ctx_train: 131_072, n_ctx: 4_096 } }, 4_096],
    ["OpenRouter", { id: "test-model", context_length: 40_960 }, 40_960],
    ["one that tells nothing", { id: "test-model" }, undefined],
    ["one that tells nonsense", { id: "test-model", max_model_len: "much" }, undefined],
    ["one that has another model", { id: "other", max_model_len: 8_192 }, undefined],
  ])("of %s", async (_, entry, tokens) => {
    const server = serve();
    server.behaviour.models = { data: [entry] };
    const { llm } = await room({ own: { url: server.url } });
    expect(await llm.contextTokens()).toBe(tokens);
  });

  test.each([
    [{ parameters: 'stop "<|im_end|>"\nnum_ctx 16384', model_info: { "qwen3.context_length": 40_960 } }, 16_384],
    [{ model_info: { "qwen3.context_length": 40_960 } }, 40_960],
    [{}, undefined],
  ])("of Ollama, by what it shows: %j", async (shown, tokens) => {
    const server = serve();
    server.behaviour.models = { data: [{ id: "test-model:latest", owned_by: "library" }] };
    server.behaviour.shown = shown;
    const { llm } = await room({ own: { url: `${server.url}/v1` } });
    expect(await llm.contextTokens()).toBe(tokens);
    expect(server.requests.at(-1)).toMatchObject({ path: "/api/show", body: { model: "test-model" } });
  });
});

test.each([
  ["http://169.254.169.254/latest", "leads to an address at which clouds tell credentials"],
  ["http://[fe80::1]:8000", "leads to an address at which clouds tell credentials"],
])("%s is no llm's address", async (url, words) => {
  const { why } = await room({ own: { url } });
  expect(await why()).toContain(words);
});

test("a name leads into the own network, and past what lies beside it on the link", async () => {
  const server = serve({ answer: () => "said" });
  const addresses: Record<string, string[]> = {
    "gpu.lan": ["169.254.1.2", "127.0.0.1"],
    "evil.lan": ["169.254.169.254"],
  };
  const egress = createEgress({ now: () => 0 }, false, async (name) => addresses[name] ?? []);
  const ask = (host: string) =>
    roadTo(egress)({
      url: `http://${host}:${server.port}/v1/models`,
      method: "GET",
      headers: {},
      signal: AbortSignal.timeout(5_000),
    });
  expect((await ask("gpu.lan")).status).toBe(200);
  expect(ask("evil.lan")).rejects.toThrow("clouds tell credentials");
});
