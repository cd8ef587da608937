import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fixture, type World, world } from "../world.ts";

/** What a project hides is hidden at each of its endpoints, whatever else is broken. */
let w: World;
let token = "";
const mail = "ann@example.com";
beforeAll(async () => {
  process.umask(0o022);
  w = await world();
  for (const folder of ["stages", "plugins", "proxymodels"]) mkdirSync(join(w.home, "data", folder));
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "files", command: fixture() },
      { kind: "proxymodel", name: "safe", stages: [{ type: "redact" }] },
      { kind: "project", name: "demo", servers: ["files"], proxyModel: "safe" },
      { kind: "prompt", name: "who", project: "demo", content: `Write to ${mail}.` },
    ],
  });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" })).token;
  await w.until("the server runs", w.isRunning("files"));
});
afterAll(() => w.close());

const use = (proxyModel: string | undefined, server: string | object = "files") =>
  w.must("PUT", "/api/v1/projects/demo", { name: "demo", servers: [server], ...(proxyModel && { proxyModel }) });
const said = async (path = "/mcp", name = "files__echo") =>
  (await w.rpc(token, "tools/call", { name, arguments: { text: `it is ${mail}` } }, path)).json.result.content[0].text;
const isModel = (name: string) => async () =>
  (await w.api("GET", `/api/v1/proxymodels/${name}`)).json.source === "local";
const put = (file: string, text: string) => writeFileSync(join(w.home, "data", file), text);

test.each([
  ["the project", "safe", "files"],
  ["the project for one server", undefined, { server: "files", proxyModel: "safe" }],
])("at the endpoint of one server too, where %s says it", async (_, model, server) => {
  await use(model, server);
  expect(await said()).toBe("it is [e-mail]");
  expect(await said("/projects/demo/servers/files/mcp", "echo")).toBe("it is [e-mail]");
});

test("in prompts", async () => {
  await use("safe");
  const { json } = await w.rpc(token, "prompts/get", { name: "who" });
  expect(json.result.messages[0].content.text).toBe("Write to [e-mail].");
});

test("a stage that is gone takes nothing else along", async () => {
  put("stages/mine.ts", "export default async (content) => ({ content })");
  const stages = async () =>
    (await w.must("GET", "/api/v1/proxymodels/-/stages")).items.map(({ name }: { name: string }) => name);
  await w.until("it is there", async () => (await stages()).includes("mine"));
  await w.must("POST", "/api/v1/proxymodels", { name: "both", stages: [{ type: "mine" }, { type: "redact" }] });
  await w.must("POST", "/api/v1/proxymodels", { name: "child", extends: ["both"] });
  rmSync(join(w.home, "data", "stages/mine.ts"));
  await w.until("it is gone", async () => !(await stages()).includes("mine"));
  for (const name of ["both", "child"]) {
    await use(name);
    expect((await w.must("GET", `/api/v1/proxymodels/${name}`)).fault).toBeDefined();
    expect(await said()).toBe("it is [e-mail]");
  }
});

test.each([
  ["fails", "onToolCallAfter() { throw new Error('no'); }"],
  ["does without stages", "onToolCallAfter(ctx, call, result) { return { content: [...result.content] }; }"],
])("a plugin that %s is given what is hidden already", async (what, hook) => {
  const name = `plug-${what.replaceAll(" ", "-")}`;
  put(`plugins/${name}.ts`, `export default { hooks: { ${hook} } };`);
  await w.until("it is there", isModel(name));
  await use(name, { server: "files", proxyModel: "safe" });
  expect(await said()).toBe("it is [e-mail]");
});
