import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startHttpServer } from "../servers/http-server.ts";
import { fixture, type World, world } from "../world.ts";

/** What a project shows of its servers' tools, and under which names: in lists, in calls, and when a manifest is applied. */
let w: World;
const schema = {
  type: "object",
  properties: { path: { type: "string" }, text: { type: "string" }, mode: { type: "integer" } },
  required: ["path", "text", "mode"],
};
const annotations = { readOnlyHint: true };
const web = startHttpServer({
  name: "web",
  tools: [
    { name: "echo", description: "Theirs", inputSchema: schema, annotations },
    { name: "fail", inputSchema: { type: "object" } },
    { name: "env", inputSchema: { type: "object" } },
  ],
});
const curated = {
  server: "web",
  deny: ["en*"],
  rename: { echo: "say" },
  describe: { echo: "Ours" },
  arguments: { echo: { path: "/srv", mode: 7 } },
};
const project = (name: string, more: object) => ({ kind: "project", name, ...more });
const apply = (...documents: object[]) => w.api("POST", "/api/v1/apply", { documents });
let token: string;
let count = 0;
const mint = async (fields: object): Promise<string> =>
  (await w.must("POST", "/api/v1/mcptokens", { name: `t${++count}`, ...fields })).token;
const toolsOf = async (bearer: string, path = "/mcp") =>
  (await w.rpc(bearer, "tools/list", {}, path)).json.result.tools as {
    name: string;
    description: string;
    inputSchema: object;
  }[];
const namesOf = async (bearer: string) => (await toolsOf(bearer)).map(({ name }) => name);

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "web", url: web.url },
      { kind: "server", name: "local", command: fixture("--name", "local") },
      project("demo", { servers: [curated, { server: "local", allow: ["echo", "e*v"] }] }),
      project("both", { servers: ["web", "local"] }),
    ],
  });
  await w.until("both run", async () => (await w.isRunning("web")()) && (await w.isRunning("local")()));
  const listed = async (name: string) => (await w.must("GET", `/api/v1/servers/${name}`)).status.tools > 0;
  await w.until("both are listed", async () => (await listed("web")) && (await listed("local")));
  token = await mint({ project: "demo" });
});
afterAll(async () => {
  await w.close();
  await web.stop();
});
test("a typo is told of when it is applied, shown and described, to whoever may view the server", async () => {
  const typos = { server: "web", deny: ["delet_*"], rename: { nope: "x" }, arguments: { echo: { pth: "/" } } };
  const warnings = [
    'server "web": deny "delet_*" matches none of its tools',
    'server "web": rename "nope": it has no such tool',
    'server "web": arguments "echo": the tool takes no "pth"',
  ];
  const stdin = JSON.stringify(project("typos", { servers: [typos] }));
  const applied = await w.cli(["apply", "-f", "-"], { stdin });
  expect([applied.code, applied.out]).toEqual([0, "project/typos created"]);
  expect(applied.err.split("\n")).toEqual(warnings.map((text) => `warning: project/typos, ${text}`));
  const asJson = await w.cli(["apply", "-f", "-", "-o", "json"], { stdin });
  expect([asJson.err, JSON.parse(asJson.out).results]).toEqual([
    "",
    [{ kind: "project", name: "typos", action: "unchanged", warnings, source: "standard input, document 1" }],
  ]);
  expect(JSON.parse((await w.cli(["get", "project", "typos", "-o", "json"])).out).status.warnings).toEqual(warnings);
  const listed = (await w.must("GET", "/api/v1/projects")).items as { status: object }[];
  expect(listed.map(({ status }) => ("warnings" in status ? status.warnings : undefined))).toEqual([
    undefined,
    undefined,
    warnings,
  ]);
  expect((await w.cli(["describe", "project", "typos"])).out).toContain("delet_*");
  const edited = await w.cli(["edit", "project", "typos"], {
    edit: async (path) => {
      await Bun.write(path, (await Bun.file(path).text()).replace("delet_*", "fai*"));
      return 0;
    },
  });
  expect([edited.code, edited.out]).toEqual([0, "project/typos edited"]);
  expect(edited.err.split("\n")).toEqual(warnings.slice(1).map((text) => `warning: project/typos, ${text}`));
  const viewer = await w.userWith("viewer", [{ role: "view", resource: "projects" }]);
  const seen = await w.api("GET", "/api/v1/projects/typos", undefined, viewer);
  expect([seen.status, seen.json.name, seen.json.status]).toEqual([200, "typos", undefined]);
  await w.must("DELETE", "/api/v1/projects/typos");
});

describe("curated tools", () => {
  test("are listed as the project says", async () => {
    const tools = await toolsOf(token);
    expect(tools.map(({ name }) => name)).toEqual(["say", "web__fail", "local__echo", "local__env"]);
    expect(tools[0]).toMatchObject({
      description: "Ours",
      inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    });
  });

  test("are called with what is preset, and all that the client wrote byte for byte", async () => {
    const body =
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say","arguments":{"n":1e400, "text":"h\\u0069","z":-0}}}';
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    await w.fetch(new Request(`${w.url}/mcp`, { method: "POST", headers, body }));
    const sent = () => web.requests.findLast(({ method }) => method === "tools/call")?.body;
    expect(sent()).toContain('"arguments":{"n":1e400, "text":"h\\u0069","z":-0,"path":"/srv","mode":7}');
    await w.rpc(token, "tools/call", { name: "web/echo" });
    expect(sent()).toContain('"arguments":{"path":"/srv","mode":7}');
  });

  test("take no preset argument from a client, however it spells it, and nothing is sent", async () => {
    const before = web.requests.length;
    for (const args of ['{"path":"/etc"}', '{"p\\u0061th":1}', '{"PATH":1}', "[]", '"x"', "null"]) {
      const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"web/echo","arguments":${args}}}`;
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const answer = await w.fetch(new Request(`${w.url}/mcp`, { method: "POST", headers, body }));
      expect([args, await answer.json()]).toEqual([
        args,
        expect.objectContaining({ error: expect.objectContaining({ code: -32602 }) }),
      ]);
    }
    expect(web.requests.length).toBe(before);
  });

  test("that are denied or not allowed are not there by any name", async () => {
    for (const name of ["web/env", "web__env", "env", "local/fail", "local__fail"]) {
      const { error } = (await w.rpc(token, "tools/call", { name, arguments: {} })).json;
      expect([error.code, error.message]).toEqual([-32602, `There is no tool ${JSON.stringify(name)} in this project`]);
    }
  });

  test("are under their own names at their server's own endpoint, where what is denied or preset stays so", async () => {
    const path = "/projects/demo/servers/web/mcp";
    const [echo, ...others] = await toolsOf(token, path);
    expect([echo?.name, echo?.description, others.map(({ name }) => name)]).toEqual(["echo", "Theirs", ["fail"]]);
    const call = async (name: string, args: object) =>
      (await w.rpc(token, "tools/call", { name, arguments: args }, path)).json.error?.code;
    expect([await call("echo", {}), await call("echo", { path: "/etc" }), await call("env", {})]).toEqual([
      undefined,
      -32602,
      -32602,
    ]);
    expect(web.requests.findLast(({ method }) => method === "tools/call")?.body).toContain('{"path":"/srv","mode":7}');
  });

  test("are the server's own in rights: a shown name opens nothing, filters and read-only hold", async () => {
    expect(await namesOf(await mint({ project: "demo", tools: ["web/echo"] }))).toEqual(["say"]);
    const byShown = await mint({ project: "demo", tools: ["web/say"] });
    expect(await namesOf(byShown)).toEqual([]);
    expect((await w.rpc(byShown, "tools/call", { name: "say" })).json.error.code).toBe(-32602);
    expect(await namesOf(await mint({ project: "demo", readOnly: true }))).toEqual(["say", "local__echo"]);
    const denied = await mint({ project: "demo", tools: ["web/env"] });
    expect((await w.rpc(denied, "tools/call", { name: "web/env" })).json.error.code).toBe(-32602);
  });

  test("are offered more widely only by who may call all of the server", async () => {
    const narrow = await w.userWith("editor", [
      { role: "edit", resource: "projects" },
      { role: "view", resource: "servers" },
    ]);
    const put = (servers: object[], bearer: string) =>
      w.api("PUT", "/api/v1/projects/demo", { name: "demo", servers }, bearer).then(({ status }) => status);
    const local = { server: "local", allow: ["echo", "e*v"] };
    const { arguments: _, ...unset } = curated;
    expect(await put([{ ...curated, deny: [] }, local], narrow)).toBe(403);
    expect(await put([unset, local], narrow)).toBe(403);
    expect(await put([curated, { server: "local" }], narrow)).toBe(403);
    expect(await put([curated, { ...local, allow: ["*"] }], narrow)).toBe(403);
    expect(
      await put(
        [
          { ...curated, deny: ["en*", "fail"] },
          { ...local, allow: ["echo"] },
        ],
        narrow,
      ),
    ).toBe(200);
    expect(await namesOf(token)).toEqual(["say", "local__echo"]);
    expect(await put([curated, local], w.admin)).toBe(200);
  });
});

describe("applying", () => {
  test("what get printed changes nothing, and an unknown word is told with its place", async () => {
    const printed = await w.cli(["get", "project", "demo", "-o", "yaml"]);
    expect((await w.cli(["apply", "-f", "-"], { stdin: printed.out })).out).toContain("unchanged");
    const refused = async (servers: unknown[]) =>
      (await w.api("POST", "/api/v1/projects", { name: "x", servers })).json.fields;
    expect(await refused([{ server: "web", alow: ["x"] }])).toEqual([
      { path: "/servers/0/alow", message: 'there is no such field; did you mean "allow"?' },
    ]);
    expect(await refused(["local", { server: "web", rename: { echo: "a.b" } }])).toEqual([
      { path: "/servers/1/rename/echo", message: expect.stringContaining("a letter first") },
    ]);
    expect(await refused(["web", { server: "web" }])).toEqual([
      { path: "/servers/1", message: "this server is there already" },
    ]);
    expect(await refused([7])).toEqual([{ path: "/servers/0", message: expect.stringContaining("a server's name") }]);
    const twice = { a: "same", "b/c": "same" };
    expect(await refused([{ server: "web", rename: twice }])).toEqual([
      { path: "/servers/0/rename/b~1c", message: "another tool is given this name already" },
    ]);
  });

  test("flags make a project of the registry's fields", async () => {
    const line = ["create", "project", "flags", "--servers", "web", "--tool-names", "plain", "--schemas", "inline"];
    expect((await w.cli(line)).code).toBe(0);
    expect((await w.api("GET", "/api/v1/projects/flags")).json).toMatchObject({
      servers: ["web"],
      toolNames: "plain",
      schemas: "inline",
    });
    expect((await w.cli(["create", "project", "odd", "--tool-names", "short"])).err).toContain("prefixed, plain");
    expect((await toolsOf(await mint({ project: "flags" }))).at(1)).toMatchObject({
      name: "fail",
      description: "fail",
      inputSchema: { type: "object", properties: {} },
    });
  });

  test("plain names that clash are refused with both tools and what to do", async () => {
    const clash = await apply(project("both", { servers: ["web", "local"], toolNames: "plain" }));
    expect([clash.status, clash.json.code]).toEqual([409, "conflict"]);
    expect(clash.json.fields).toContainEqual({
      path: "/servers/1",
      message: '"web/echo" and "local/echo" would both be shown as "echo"',
    });
    expect(clash.json.hint).toContain("toolNames: prefixed");
    const remedied = [{ server: "web", deny: ["fail", "env"], rename: { echo: "say" } }, "local"];
    expect((await apply(project("both", { servers: remedied, toolNames: "plain" }))).status).toBe(200);
    const both = await mint({ project: "both" });
    expect(await namesOf(both)).toEqual(expect.arrayContaining(["say", "echo", "slow"]));
    // A name that clients know leads nowhere else, also when it is chosen on purpose.
    const swapped = [
      { server: "web", deny: ["fail", "env"], rename: { echo: "slow" } },
      { server: "local", deny: ["slow"] },
    ];
    const swap = await apply(project("both", { servers: swapped, toolNames: "plain" }));
    expect([swap.status, swap.json.fields[0].message]).toEqual([
      409,
      expect.stringContaining("know another tool by that name"),
    ]);
  });

  test("a clash that comes by itself takes no name over, and keeps nobody from changing the rest", async () => {
    const late = startHttpServer({ name: "late", tools: [{ name: "mine", inputSchema: { type: "object" } }] });
    await w.must("POST", "/api/v1/apply", {
      documents: [
        { kind: "server", name: "late", url: late.url },
        project("later", { servers: ["late", "web"], toolNames: "plain" }),
      ],
    });
    await w.until("it runs", w.isRunning("late"));
    const bearer = await mint({ project: "later" });
    expect(await namesOf(bearer)).toEqual(["mine", "echo", "fail", "env"]);
    late.behaviour.tools = [{ name: "echo", inputSchema: { type: "object" } }];
    w.advance(61_000);
    await w.until("it has another tool", async () => (await namesOf(bearer)).includes("late__echo"));
    expect(await namesOf(bearer)).toEqual(["late__echo", "echo", "fail", "env"]);
    const before = web.requests.length;
    await w.rpc(bearer, "tools/call", { name: "echo", arguments: { text: "x" } });
    expect(web.requests.slice(before).map(({ method }) => method)).toContain("tools/call");
    const described = project("later", { servers: ["late", "web"], toolNames: "plain", description: "new" });
    expect((await apply(described)).json.results[0].action).toBe("configured");
    await late.stop();
  });
});

test("a link in an answer can be read from the server that gave it, though nobody lists it", async () => {
  const linker = startHttpServer({ name: "linker", tools: [{ name: "link", inputSchema: { type: "object" } }] });
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "linker", url: linker.url },
      project("linked", { servers: ["local", "linker"] }),
    ],
  });
  await w.until("it runs", w.isRunning("linker"));
  const bearer = await mint({ project: "linked" });
  const read = async (uri: string) => (await w.rpc(bearer, "resources/read", { uri })).json;
  expect((await read("report://7")).error.code).toBe(-32002);
  expect((await read("fixture://of-both/3")).result.contents[0].text).toBe("local reads fixture://of-both/3");
  for (const uri of ["report://7", "fixture://local/by-id/9", "fixture://of-both/3"])
    await w.rpc(bearer, "tools/call", { name: "linker__link", arguments: { uri } });
  expect((await read("report://7")).result.contents[0].text).toBe("linker reads report://7");
  // What fits another server's template stays that one's.
  expect((await read("fixture://local/by-id/9")).result.contents[0].text).toBe("local reads fixture://local/by-id/9");
  // Of two whose templates it fits, the one that spoke of it.
  expect((await read("fixture://of-both/3")).result.contents[0].text).toBe("linker reads fixture://of-both/3");
  await linker.stop();
});
