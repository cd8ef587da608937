import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { Binding } from "../../src/resources/rbac.ts";
import { startLlmServer } from "../servers/llm-server.ts";
import { type World, world } from "../world.ts";

const good = "sk-canary-good-88d1";
const bad = "sk-canary-bad-88d1";

let w: World;
let server: ReturnType<typeof startLlmServer>;
const seen: string[] = [];

const keyed = (key: string) => ({ secretRef: { name: "vault", key } });
const llm = (name: string, more: object = {}) => ({
  name,
  type: "openai-compatible",
  url: server.url,
  model: "test-model",
  ...more,
});
const ask = async (...given: Parameters<World["api"]>) => {
  const answer = await w.api(...given);
  seen.push(answer.text);
  return answer;
};
const create = (name: string, more?: object, token?: string) => ask("POST", "/api/v1/llms", llm(name, more), token);
const put = (name: string, more?: object, token?: string) => ask("PUT", `/api/v1/llms/${name}`, llm(name, more), token);
const get = async (name: string) => await ask("GET", `/api/v1/llms/${name}`);
const apply = (documents: object[], dryRun = false) => ask("POST", "/api/v1/apply", { documents, dryRun });

beforeAll(async () => {
  server = startLlmServer({ key: good, contextTokens: 8_192 });
  w = await world();
  await w.must("POST", "/api/v1/secrets", { name: "vault", data: { good, bad } });
});
afterEach(() => {
  server.requests.length = 0;
});
afterAll(async () => {
  await w.close();
  server.stop();
});

describe("one that is written is asked first", () => {
  test("and its state is known from that, without another request", async () => {
    const { status, json } = await create("well", { apiKey: keyed("good") });
    expect([status, json.status]).toEqual([201, { state: "READY", contextTokens: 8_192, models: ["test-model"] }]);
    expect((await get("well")).json.status).toEqual(json.status);
    expect(await w.rooms.llms.of({ llm: "well" })?.contextTokens()).toBe(8_192);
    expect(server.requests.map(({ path, authorized }) => [path, authorized])).toEqual([["/v1/models", true]]);
  });

  test("a key that is refused is not written, unless it is said not to look", async () => {
    const refused = await create("refused", { apiKey: keyed("bad") });
    expect([refused.status, refused.json.code, refused.json.fields]).toEqual([
      422,
      "invalid",
      [{ path: "/apiKey", message: "is refused (HTTP 401)" }],
    ]);
    expect((await get("refused")).status).toBe(404);
    const written = await create("unasked", { apiKey: keyed("bad"), skipAuthCheck: true });
    expect([written.status, written.json.skipAuthCheck, written.json.status.warnings]).toEqual([
      201,
      undefined,
      undefined,
    ]);
    expect(server.requests).toHaveLength(1);
  });

  test("by the shortest of messages where a list proves nothing", async () => {
    const type = "anthropic";
    expect((await create("claude", { type, apiKey: keyed("bad") })).status).toBe(422);
    expect((await create("claude", { type, apiKey: keyed("good") })).json.status).toEqual({ state: "READY" });
    expect(server.requests.map(({ path, body }) => [path, body.max_tokens])).toEqual([
      ["/v1/messages", 1],
      ["/v1/messages", 1],
    ]);
  });

  test("the same where there is none", async () => {
    server.behaviour.models = 404;
    expect((await create("unlisted", { apiKey: keyed("bad") })).status).toBe(422);
    const { status, json } = await create("unlisted", { apiKey: keyed("good") });
    delete server.behaviour.models;
    expect([status, json.status]).toEqual([201, { state: "READY" }]);
    expect(server.requests.map(({ path }) => path)).toEqual(["/v1/models", "/v1/models", "/v1/chat/completions"]);
  });

  test.each([
    [
      "is away",
      { url: "http://127.0.0.1:9" },
      "DOWN",
      "it cannot be reached: nothing takes connections at its address",
    ],
    [
      "wants a key and has none",
      {},
      "DOWN",
      "it refuses the key: set `apiKey` to a secret that holds a good one (HTTP 401)",
    ],
    [
      "has another model",
      { model: "other", apiKey: keyed("good") },
      "READY",
      "its server does not list this model; it lists test-model",
    ],
    ["lacks its key", { apiKey: keyed("none") }, "UNKNOWN", 'its key is not there: secret "vault" has no key "none"'],
    [
      "is at an address where clouds tell credentials",
      { url: "http://169.254.169.254" },
      "DOWN",
      "its `url` leads to an address at which clouds tell credentials, or link-local",
    ],
  ])("one that %s is written, with a warning", async (what, more, state, warning) => {
    const name = what.replaceAll(/\W+/g, "-");
    const { status, json } = await create(name, more);
    expect([status, json.status.state, json.status.warnings]).toEqual([201, state, [warning]]);
    const shown = (await get(name)).json.status;
    expect([shown.state, shown.warnings]).toEqual([state, undefined]);
  });

  test("one that does not answer takes no transaction with it", async () => {
    server.behaviour.delayMs = 300;
    const slow = create("slow", { type: "anthropic", apiKey: keyed("good") });
    while (server.requests.length === 0) await Bun.sleep(5);
    await w.must("POST", "/api/v1/projects", { name: "meanwhile" });
    const isWritten = (await get("slow")).status;
    delete server.behaviour.delayMs;
    expect([isWritten, (await slow).status]).toEqual([404, 201]);
  });

  test("and again when what is spoken to is another, and else not", async () => {
    await create("twice", { apiKey: keyed("good") });
    for (const more of [{}, { description: "the same" }, { tier: "fast", timeoutSeconds: 5 }])
      expect((await put("twice", { apiKey: keyed("good"), ...more })).status).toBe(200);
    expect(server.requests).toHaveLength(1);
    expect((await put("twice", { apiKey: keyed("good"), model: "other" })).json.status.warnings).toHaveLength(1);
    expect((await put("twice", { apiKey: keyed("bad") })).status).toBe(422);
    expect(server.requests).toHaveLength(3);
    expect((await get("twice")).json).toMatchObject({ model: "other", apiKey: keyed("good") });
  });
});

describe("several in one apply", () => {
  const secret = { kind: "secret", name: "fresh", data: { good, bad } };
  const own = (name: string, key: string, more: object = {}) => ({
    kind: "llm",
    ...llm(name, { apiKey: { secretRef: { name: "fresh", key } }, ...more }),
  });

  test("one key that is refused, and nothing of it is written, the secret neither", async () => {
    const { status, json } = await apply([own("one", "good"), own("two", "bad"), secret]);
    expect([status, json.detail]).toEqual([422, 'the key is refused by the server of llm "two"; nothing was written']);
    for (const path of ["llms/one", "llms/two", "secrets/fresh"])
      expect((await ask("GET", `/api/v1/${path}`)).status).toBe(404);
  });

  test("tried first, it says what would be, and leaves nothing", async () => {
    expect((await apply([own("two", "bad"), secret], true)).status).toBe(422);
    const { json } = await apply([own("one", "good"), own("two", "good", { model: "other" }), secret], true);
    expect(
      json.results.map(({ action, warnings = [] }: { action: string; warnings?: [] }) => [action, warnings.length]),
    ).toEqual([
      ["created", 0],
      ["created", 0],
      ["created", 1],
    ]);
    expect((await get("one")).status).toBe(404);
  });

  test("with a secret of the same apply, two are asked with it and written, once", async () => {
    const documents = [own("one", "good"), own("two", "good", { type: "anthropic" }), secret];
    for (const action of ["created", "unchanged"]) {
      const { json } = await apply(documents);
      expect(json.results.filter(({ kind }: { kind: string }) => kind === "llm")).toEqual([
        { document: 1, kind: "llm", name: "one", action },
        { document: 2, kind: "llm", name: "two", action },
      ]);
    }
    expect(server.requests.map(({ authorized }) => authorized)).toEqual([true, true]);
    expect((await get("two")).json.status.state).toBe("READY");
  });

  test("four are asked at once, and no more", async () => {
    let [now, most] = [0, 0];
    server.behaviour.answer = async () => {
      most = Math.max(most, ++now);
      await Bun.sleep(10);
      now--;
      return "said";
    };
    const names = Array.from({ length: 10 }, (_, index) => `many-${index}`);
    const { status } = await apply(names.map((name) => own(name, "good", { type: "anthropic" })));
    expect([status, server.requests.length, most]).toEqual([200, 10, 4]);
  });
});

describe("nobody has a key sent anywhere who may not", () => {
  const edit: Binding = { role: "edit", resource: "llms" };
  const execute: Binding = { role: "run", action: "servers-execute" };
  const view: Binding = { role: "view", resource: "secrets", name: "vault" };

  test.each<[string, Binding[]]>([
    ["may not say what is connected to", [edit, view]],
    ["may not view the secret", [edit, execute]],
    ["may not make llms", [execute, view]],
  ])("who %s is refused before anything is sent", async (who, rights) => {
    const token = await w.userWith(who.replaceAll(/\W+/g, "-"), rights);
    const mine = { apiKey: keyed("good") };
    expect((await create("mine", mine, token)).status).toBe(403);
    expect((await put("well", { ...mine, url: `${server.url}/elsewhere` }, token)).status).toBe(403);
    expect((await put("well", { apiKey: keyed("bad") }, token)).status).toBe(403);
    expect(server.requests).toHaveLength(0);
  });

  test("who may edit and no more changes the rest", async () => {
    const token = await w.userWith("rest", [edit]);
    expect((await put("well", { apiKey: keyed("good"), description: "ours" }, token)).status).toBe(200);
    expect(server.requests).toHaveLength(0);
  });

  test("who has exactly these rights may", async () => {
    const token = await w.userWith("exactly", [edit, execute, view]);
    expect((await create("exactly", { apiKey: keyed("good") }, token)).status).toBe(201);
  });
});

test("an address with a password in it is no place for one", async () => {
  const { status, json } = await create("inline", { url: server.url.replace("//", `//me:${bad}@`) });
  expect([status, json.fields]).toEqual([422, [{ path: "/url", message: "holds a password: that goes into apiKey" }]]);
});

test("a secret that is changed counts at the next text, and what is asked is counted", async () => {
  await w.must("POST", "/api/v1/secrets", { name: "turned", data: { key: bad } });
  await create("turned", { apiKey: { secretRef: { name: "turned", key: "key" } }, skipAuthCheck: true });
  await w.must("POST", "/api/v1/projects", { name: "asks", llm: "turned" });
  const own = w.rooms.llms.of({ llm: "turned" });
  expect(own?.complete("say")).rejects.toThrow('llm "turned": it refuses the key');
  await w.until("it is left alone", () => own?.available() === false);
  await w.must("PUT", "/api/v1/secrets/turned", { name: "turned", data: { key: good } });
  expect(await own?.complete("say")).toBe("said");
  const metrics = (await ask("GET", "/metrics")).text;
  expect(metrics).toContain('mcpctl_llm_calls_total{llm="turned"} 2');
  expect(metrics).toContain('mcpctl_llm_failures_total{llm="turned"} 1');
  expect((await ask("DELETE", "/api/v1/llms/turned")).json.code).toBe("conflict");
});

test("on the command line", async () => {
  const flags = (key: string) =>
    Object.entries({
      type: "openai-compatible",
      url: server.url,
      model: "test-model",
      "api-key": `secret:vault/${key}`,
    });
  const line = (key: string) => [
    "create",
    "llm",
    "typed",
    ...flags(key).flatMap(([flag, value]) => [`--${flag}`, value]),
  ];
  const refused = await w.cli(line("bad"));
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining("--skip-auth-check writes it all the same")]);
  expect((await w.cli([...line("bad"), "--skip-auth-check"])).code).toBe(0);
  const away = await w.cli([
    "create",
    "llm",
    "away",
    "--type",
    "anthropic",
    "--url",
    "http://127.0.0.1:9",
    "--model",
    "m",
  ]);
  expect([away.code, away.err]).toEqual([0, expect.stringMatching(/^warning: llm\/away, it cannot be reached/)]);
  const shown = await w.cli(["describe", "llm", "well"]);
  expect(shown.out).toMatch(/state: READY\n {2}contextTokens: 8192\n {2}models:\n {4}- test-model/);
  seen.push(refused.err, away.err, shown.out);
});

test("no key was in any answer, or any line of the log", () => {
  expect(seen.length).toBeGreaterThan(50);
  expect([...seen, ...w.logs].join("\n")).not.toContain("canary");
  expect(w.logs.join("\n")).toContain("an llm is left alone");
});
