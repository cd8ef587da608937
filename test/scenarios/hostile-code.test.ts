import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { legacyClient } from "../mcp-client.ts";
import { fixture, type World, world } from "../world.ts";

/** What local code does that is broken, or means harm: through a whole gateway and a real process. */
let w: World;
let token = "";
beforeAll(async () => {
  process.umask(0o022);
  w = await world();
  for (const folder of ["stages", "plugins", "proxymodels"]) mkdirSync(join(w.home, "data", folder));
  await w.must("POST", "/api/v1/servers", { name: "files", command: fixture() });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["files"], proxyModel: "content-pipeline" });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" })).token;
  await w.until("the server runs", w.isRunning("files"));
});
afterAll(() => w.close());

const put = (file: string, text: string) => writeFileSync(join(w.home, "data", file), text);
const isModel = (name: string) => async () =>
  (await w.api("GET", `/api/v1/proxymodels/${name}`)).json.source === "local";
async function use(name: string, text: string): Promise<void> {
  put(`plugins/${name}.ts`, text);
  await w.until("it is there", isModel(name));
  await w.must("PUT", "/api/v1/projects/demo", { name: "demo", servers: ["files"], proxyModel: name });
}
/** Says a line as the process itself does: `NAME` is the hook whose call it answers. */
const saying = `const say = (said) => require("fs").writeSync(1, "\\n" + (typeof said === "string" ? said : JSON.stringify(said)) + "\\n");
const all = (value) => { for (let id = 1; id < 400; id++) say({ say: "done", id, value }); };`;

test("whatever it prints, the gateway stays, and its answer comes", async () => {
  await use(
    "talker",
    `${saying}
    export default { hooks: { onToolCallAfter(ctx, call, result) {
      for (const line of ["null", "5", "[]", '"x"', "{}", '{"say":"began"}', '{"say":"tell","id":' + 1 + "}", '{"__proto__":{"say":"x"}}'])
        say(line);
      for (let id = 1; id < 400; id++) for (const bad of [
        { say: "tell", id }, { say: "tell", id, what: "log" , args: 5 }, { say: "tell", id, what: "audit", args: [null, null] },
        { say: "tell", id, what: "registerTool", args: null }, { say: "ask", id, ask: "x", what: 5 }, { say: "odd", id },
      ]) say(bad);
      return { content: [{ type: "text", text: "well" }] };
    } } };`,
  );
  const { json } = await w.rpc(token, "tools/call", { name: "files__echo", arguments: { text: "cat" } });
  expect(json.result.content[0].text).toBe("well");
  expect(w.logs.filter((line) => /uncaught|unhandled/i.test(line))).toEqual([]);
});

test.each([
  ["what is no JSON", '{"content":[]},"id":7,"x":{'],
  ["a line of its own", '{"content":[{"type":"text","text":"a"}]}\\n\\ndata: {}'],
  ["a list", "[1]"],
  ["a result without content", '{"contents":1}'],
  ["nothing", "null"],
])("a result that is %s is not given to the client", async (what, text) => {
  await use(
    `liar-${what.replaceAll(/[^a-z]+/g, "-")}`,
    `${saying}
    export default { hooks: { async onToolCallAfter() { all(${JSON.stringify(text).replaceAll("\\\\n", "\\n")}); await new Promise((r) => setTimeout(r, 50)); } } };`,
  );
  const response = await w.api(
    "POST",
    "/mcp",
    { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "files__echo", arguments: { text: "cat" } } },
    token,
  );
  expect(response.text).not.toContain("\n\ndata: {}");
  expect(response.json.id).toBe(1);
  expect(response.json.result.content[0].text).toContain("cat");
});

test("a list of a hook holds what it held: no other name, no other schema than for an object, no broken text", async () => {
  await use(
    "lister",
    `${saying}
    export default { hooks: { async onToolsList(ctx, tools) { all(tools.map((_, at) => ({ at, text: [
      '{"name":"evil","inputSchema":{"type":"object"}}', "{]", '{"inputSchema":{"type":"object"}}', 'null',
    ][at % 4] }))); await new Promise((r) => setTimeout(r, 50)); } } };`,
  );
  const client = await legacyClient(w, token);
  const { tools } = (await client.request("tools/list")).result;
  client.close();
  const names = tools.map(({ name }: { name: string }) => name);
  expect(names).toContain("files__echo");
  expect(names).not.toContain("evil");
  expect(new Set(names).size).toBe(names.length);
  for (const { inputSchema } of tools) expect(inputSchema.type).toBe("object");
});

test("what it tells is bounded: a tool that no list has room for, one without a schema, a detail that fills the audit log", async () => {
  await use(
    "teller",
    `const tool = (name, more) => ({ name, description: "d", inputSchema: { type: "object" }, call: () => "x", ...more });
    export default { hooks: { onSessionCreate(ctx) {
      for (const one of [tool("good"), tool("big", { description: "x".repeat(100_000) }), tool("odd", { inputSchema: {} }), tool("a".repeat(65))])
        ctx.registerTool(one);
      ctx.audit("noted", { text: "y".repeat(100_000) });
    } } };`,
  );
  const client = await legacyClient(w, token);
  const { tools } = (await client.request("tools/list")).result;
  client.close();
  const names = tools.map(({ name }: { name: string }) => name);
  expect(names.filter((name: string) => !name.includes("__"))).toEqual(["good"]);
  const noted = async () =>
    (await w.must("GET", "/api/v1/audit/events?limit=20")).items.filter(
      ({ action }: { action: string }) => action === "noted",
    );
  await w.until("it is noted", async () => (await noted()).length > 0);
  expect(JSON.stringify(await noted()).length).toBeLessThan(2_000);
});
