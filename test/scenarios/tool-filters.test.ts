import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metaKeys, modernVersion } from "../../src/mcp/protocol.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { fixture, type World, world } from "../world.ts";

/** Which tools a token or a person may use: what is listed and what can be called never disagree, in either era and by either name. */
let w: World;
const tool = (name: string, readOnlyHint?: boolean) => ({
  name,
  inputSchema: { type: "object" },
  ...(readOnlyHint === undefined ? {} : { annotations: { readOnlyHint } }),
});
const firstWord = [tool("echo", true), tool("fail", false), tool("env")];
const moody = startHttpServer({ name: "moody", tools: firstWord });
const documents = [
  { kind: "server", name: "files", command: fixture("--name", "files") },
  { kind: "server", name: "moody", url: moody.url },
  { kind: "project", name: "demo", servers: ["files", "moody"] },
];

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", { documents });
  await w.until("both run", async () => (await w.isRunning("files")()) && (await w.isRunning("moody")()));
});
afterAll(async () => {
  await w.close();
  await moody.stop();
});

let count = 0;
const mint = async (fields: object, at = w): Promise<string> =>
  (await at.must("POST", "/api/v1/mcptokens", { name: `t${++count}`, project: "demo", ...fields })).token;

type Asked = (token: string, method: string, params?: Record<string, unknown>) => Promise<{ json: Answer }>;
type Answer = {
  result?: { content?: { text: string }[]; tools?: { name: string; annotations?: unknown }[] } & Record<
    string,
    unknown
  >;
  error?: { code: number; message: string };
};
const path = "/projects/demo/mcp";
const askIn = (at: World): Record<"legacy" | "modern", Asked> => ({
  legacy: (token, method, params) => at.rpc(token, method, params, path),
  modern: async (token, method, params = {}) => {
    const _meta = { [metaKeys.protocolVersion]: modernVersion, [metaKeys.clientCapabilities]: {} };
    const mirrored = params["name"] ?? params["uri"];
    const name: Record<string, string> = mirrored === undefined ? {} : { "mcp-name": String(mirrored) };
    const response = await at.fetch(
      new Request(at.url + path, {
        method: "POST",
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          "mcp-protocol-version": modernVersion,
          "mcp-method": method,
          ...name,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
      }),
    );
    return { json: (await response.json()) as Answer };
  },
});
const eras = ["legacy", "modern"] as const;
const namesFor = async (token: string, at = w, era: (typeof eras)[number] = "legacy") =>
  (await askIn(at)[era](token, "tools/list")).json.result?.tools?.map(({ name }) => name) ?? [];
const call = async (token: string, name: string, at = w, era: (typeof eras)[number] = "legacy") =>
  (await askIn(at)[era](token, "tools/call", { name, arguments: { text: "hi", name: "NONE" } })).json;
/** `open` when the call got through, else the code of the refusal. */
const met = async (...of: Parameters<typeof call>) => {
  const { error } = await call(...of);
  return error === undefined ? "open" : error.code;
};

describe.each(eras)("%s: a token for some tools", (era) => {
  const ask: Asked = (...of) => askIn(w)[era](...of);

  test("lists and calls these and no others, by either name", async () => {
    const token = await mint({ tools: ["files/e*", "moody/fail"] });
    expect(await namesFor(token, w, era)).toEqual(["files__echo", "files__env", "moody__fail"]);
    for (const name of ["files__echo", "files/echo", "files__env", "files/env", "moody__fail", "moody/fail"])
      expect([name, await met(token, name, w, era)]).toEqual([name, "open"]);
    for (const name of [
      "files__fail",
      "files/fail",
      "files__slow",
      "moody__echo",
      "moody/echo",
      "files/*",
      "nowhere/x",
    ])
      expect([name, await met(token, name, w, era)]).toEqual([name, -32602]);
  });

  test("a refusal is the same whether there is such a tool or not", async () => {
    const token = await mint({ tools: ["files/echo"] });
    const [there, nowhere] = [await call(token, "moody__echo", w, era), await call(token, "moody__ecno", w, era)].map(
      (answer) => JSON.stringify(answer.error).replaceAll("ecno", "echo"),
    );
    expect(there).toBe(nowhere ?? "");
  });

  test("prompts, resources and completion need the whole server", async () => {
    const whole = await mint({ tools: ["files/*"] });
    const some = await mint({ tools: ["files/e*", "moody/*"] });
    const complete = { ref: { type: "ref/prompt", name: "files__greet" }, argument: { name: "x", value: "y" } };
    const uri = "fixture://files/one";
    const asks: [string, Record<string, unknown>][] = [
      ["prompts/get", { name: "files__greet" }],
      ["prompts/get", { name: "files/greet" }],
      ["resources/read", { uri }],
      ["resources/read", { uri: "fixture://files/by-id/7" }],
      ["resources/read", { uri: `mcpctl://files/${encodeURIComponent("fixture://shared")}` }],
      ["completion/complete", complete],
      ["completion/complete", { ...complete, ref: { type: "ref/resource", uri: "fixture://files/by-id/{id}" } }],
    ];
    for (const [method, params] of asks) {
      const [open, closed] = [await ask(whole, method, params), await ask(some, method, params)];
      expect([method, open.json.error]).toEqual([method, undefined]);
      expect([method, closed.json.result]).toEqual([method, undefined]);
    }
    for (const list of ["prompts", "resources", "resources/templates"]) {
      const shown = JSON.stringify((await ask(some, `${list}/list`)).json.result);
      expect([list, shown.includes("moody"), shown.includes("files")]).toEqual([list, true, false]);
    }
  });
});

describe("people and owners", () => {
  test("somebody with the right to some tools gets in and sees those only, of those servers only", async () => {
    const login = await w.userWith("toolsonly", [{ role: "run", resource: "tools", name: "files/e*" }]);
    for (const era of eras) {
      expect(await namesFor(login, w, era)).toEqual(["files__echo", "files__env"]);
      expect(await met(login, "files/echo", w, era)).toBe("open");
      for (const name of ["files__fail", "moody__echo", "moody/echo"])
        expect([name, await met(login, name, w, era)]).toEqual([name, -32602]);
    }
    expect((await w.rpc(login, "prompts/list", {}, path)).json.result.prompts).toEqual([]);
    const stranger = await w.userWith("othertools", [{ role: "run", resource: "tools", name: "elsewhere/*" }]);
    expect((await w.rpc(stranger, "tools/list", {}, path)).status).toBe(403);
  });

  test("a token is never more than its owner's tools, whatever it was made for", async () => {
    const bindings = [
      { role: "run", resource: "tools", name: "files/*" },
      { role: "create", resource: "mcptokens" },
      { role: "view", resource: "projects" },
    ] as const;
    const owner = await w.userWith("filesonly", bindings);
    const ask = (tools?: string[]) =>
      w.api("POST", "/api/v1/mcptokens", { name: `of-files-${++count}`, project: "demo", tools }, owner);
    expect((await ask()).status).toBe(403);
    expect((await ask(["*/echo"])).status).toBe(403);
    const { token } = (await ask(["files/echo", "files/fail"])).json;
    expect(await namesFor(token)).toEqual(["files__echo", "files__fail"]);
    const narrower = [{ role: "run", resource: "tools", name: "files/f*" }, ...bindings.slice(1)];
    const subjects = [{ kind: "User", name: "filesonly@example.com" }];
    await w.must("PUT", "/api/v1/rbac/of-filesonly", { name: "of-filesonly", subjects, roleBindings: narrower });
    expect(await namesFor(token)).toEqual(["files__fail"]);
    expect([await met(token, "files/echo"), await met(token, "files/fail")]).toEqual([-32602, "open"]);
  });
});

/** Asks the server for its list anew, as happens behind an answer once a minute, until a token that sees all sees what is awaited. */
async function relisted(
  at: World,
  whole: string,
  holds: (tools: { name: string; annotations?: unknown }[]) => boolean,
) {
  at.advance(61_000);
  await at.until("the list is read anew", async () =>
    holds((await askIn(at).legacy(whole, "tools/list")).json.result?.tools ?? []),
  );
}
const says = (name: string, readOnlyHint: boolean | undefined) => (tools: { name: string; annotations?: unknown }[]) =>
  (tools.find((one) => one.name === name)?.annotations as { readOnlyHint?: boolean } | undefined)?.readOnlyHint ===
  readOnlyHint;

test("a call beyond what a token is for is a refusal in the audit log, whichever server it was of; a missing server is no news to it", async () => {
  const token = await mint({ tools: ["files/*"] });
  expect(await met(token, "moody/echo")).toBe(-32602);
  const [event] = (await w.must("GET", "/api/v1/audit/events?kind=call&limit=1")).items;
  expect(event).toMatchObject({ outcome: "refused", server: "moody", tool: "echo" });
  await w.must("POST", "/api/v1/servers", { name: "gone", url: "http://127.0.0.1:9/mcp" });
  await w.must("POST", "/api/v1/projects", { name: "half", servers: ["files", "gone"] });
  const mintHalf = (more: object) =>
    w.must("POST", "/api/v1/mcptokens", { name: `h${++count}`, project: "half", ...more });
  const missing = async (bearer: string) =>
    (await w.rpc(bearer, "tools/list")).json.result._meta?.["mcpctl/missing"]?.map(
      (one: { server: string }) => one.server,
    );
  expect(await missing((await mintHalf({})).token)).toEqual(["gone"]);
  expect(await missing((await mintHalf({ tools: ["files/*"] })).token)).toBeUndefined();
});

describe("a read-only token", () => {
  test("has what said so when first seen or approved and says so now; no server talks itself into it", async () => {
    const [token, whole] = [await mint({ readOnly: true }), await mint({})];
    for (const era of eras) {
      expect(await namesFor(token, w, era)).toEqual(["files__echo", "moody__echo"]);
      for (const name of ["moody__fail", "moody/fail", "moody__env", "files/env"])
        expect([name, await met(token, name, w, era)]).toEqual([name, -32602]);
    }
    const mayI = async (name: string) =>
      (await w.api("POST", "/api/v1/auth/can-i", { verb: "run", resource: "tools", name }, token)).json.allowed;
    expect([await mayI("moody/echo"), await mayI("moody/fail"), await mayI("moody/*")]).toEqual([true, false, false]);
    moody.behaviour.tools = [tool("echo", true), tool("fail", true), tool("env", true), tool("slow", true)];
    await relisted(w, whole, says("moody__fail", true));
    expect(await namesFor(token)).toEqual(["files__echo", "moody__echo"]);
    expect([await met(token, "moody/fail"), await met(token, "moody/env")]).toEqual([-32602, -32602]);
    const { hash } = await w.must("GET", "/api/v1/toolchanges/moody__slow");
    await w.must("POST", "/api/v1/toolchanges/moody__slow/approve", { hash });
    expect(await namesFor(token)).toEqual(["files__echo", "moody__echo", "moody__slow"]);
    moody.behaviour.tools = [tool("echo", false), tool("fail", true)];
    await relisted(w, whole, says("moody__echo", false));
    expect(await namesFor(token)).toEqual(["files__echo"]);
    expect(await met(token, "moody/echo")).toBe(-32602);
    moody.behaviour.tools = firstWord;
    await relisted(w, whole, says("moody__echo", true));
    expect([await met(token, "moody/echo"), await met(token, "moody/fail")]).toEqual(["open", -32602]);
  });

  test("and tools of its own has only what is both", async () => {
    const token = await mint({ readOnly: true, tools: ["moody/*"] });
    expect(await namesFor(token)).toEqual(["moody__echo"]);
    expect(await met(token, "files/echo")).toBe(-32602);
  });

  test("trusts nothing of a server that executes something else until that was seen; then it is pinned anew", async () => {
    const [token, whole] = [await mint({ readOnly: true }), await mint({})];
    expect(await met(token, "files/echo")).toBe("open");
    const change = (...flags: string[]) =>
      w.must("PUT", "/api/v1/servers/files", { name: "files", command: fixture("--name", "other", ...flags) });
    await change("--journal", "--hang", "tools/list");
    const heard = async () => (await w.api("GET", "/api/v1/servers/files/logs")).text;
    await w.until("the new one is asked for its list", async () => (await heard()).includes("tools/list"));
    expect(await met(token, "files/echo")).toBe(-32602);
    expect(await heard()).not.toContain("tools/call");
    // What sees all goes on with the list as it was last known.
    expect(await met(whole, "files/echo")).toBe("open");
    await change("--journal");
    await w.until("it was listed", async () => (await namesFor(token)).includes("files__echo"));
    expect(await met(token, "files/echo")).toBe("open");
  });

  test("another address is another server: what it says first counts there", async () => {
    const [token, whole] = [await mint({ readOnly: true }), await mint({})];
    const next = startHttpServer({ name: "next", tools: [tool("echo", false), tool("fail", true)] });
    await w.must("PUT", "/api/v1/servers/moody", { name: "moody", url: next.url });
    await w.until("it was listed", async () => (await namesFor(token)).includes("moody__fail"));
    expect([await met(token, "moody/fail"), await met(token, "moody/echo")]).toEqual(["open", -32602]);
    await w.must("PUT", "/api/v1/servers/moody", { name: "moody", url: moody.url });
    await relisted(w, whole, says("moody__echo", true));
    expect([await met(token, "moody/echo"), await met(token, "moody/fail")]).toEqual(["open", -32602]);
    await next.stop();
  });
});

test("pins outlive a restart", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mcpctl-pins-"));
  const [database, server] = [join(folder, "mcpctl.db"), startHttpServer({ tools: firstWord })];
  const start = () => world({ database: `sqlite:${database}` });
  try {
    const before = await start();
    await before.must("POST", "/api/v1/servers", { name: "moody", url: server.url });
    await before.must("POST", "/api/v1/projects", { name: "demo", servers: ["moody"] });
    const token = await mint({ readOnly: true }, before);
    await before.until("it is known", async () => (await namesFor(token, before)).includes("moody__echo"));
    await before.close();
    server.behaviour.tools = [tool("echo", true), tool("fail", true)];
    const after = await start();
    const whole = await mint({}, after);
    await relisted(after, whole, says("moody__fail", true));
    expect(await namesFor(token, after)).toEqual(["moody__echo"]);
    expect([await met(token, "moody/echo", after), await met(token, "moody/fail", after)]).toEqual(["open", -32602]);
    await after.close();
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
