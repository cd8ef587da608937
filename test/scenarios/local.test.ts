import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { legacyClient } from "../mcp-client.ts";
import { fixture, type World, world } from "../world.ts";

/** Files in the data folder, through a whole gateway and a real process of local code. */
let w: World;
let token = "";
beforeAll(async () => {
  w = await world();
  for (const folder of ["stages", "plugins", "proxymodels"])
    mkdirSync(join(w.home, "data", folder), { recursive: true });
  await w.must("POST", "/api/v1/servers", { name: "files", command: fixture() });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["files"], proxyModel: "default" });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" })).token;
  await w.until("the server runs", w.isRunning("files"));
});
afterAll(() => w.close());

const put = (file: string, text: string) => writeFileSync(join(w.home, "data", file), text);
const model = async (name: string) => (await w.api("GET", `/api/v1/proxymodels/${name}`)).json;
const use = (proxyModel: string) =>
  w.must("PUT", "/api/v1/projects/demo", { name: "demo", servers: ["files"], proxyModel });

test("a plugin's file appears, is edited, is broken, and is gone", async () => {
  put(
    "plugins/mine.ts",
    `export default { description: "adds", hooks: { onToolCallAfter: (ctx, call, result) => ({ ...result, content: [{ type: "text", text: "one " + ctx.projectName }] }) } }`,
  );
  await w.until("it is there", async () => (await model("mine")).source === "local");
  expect(await model("mine")).toMatchObject({
    type: "plugin",
    source: "local",
    description: "adds",
    hooks: ["onToolCallAfter (mine)"],
  });
  await use("mine");
  const client = await legacyClient(w, token);
  const text = async () =>
    (await client.request("tools/call", { name: "files__echo", arguments: { text: "x" } })).result.content[0].text;
  expect(await text()).toBe("one demo");
  put(
    "plugins/mine.ts",
    `export default { hooks: { onToolCallAfter: () => ({ content: [{ type: "text", text: "two" }] }) } }`,
  );
  await w.until("the new one answers", async () => (await text()) === "two");
  put("plugins/mine.ts", `export default { hooks: { onToolCallAfter: (`);
  await w.until("its fault is told", async () => (await model("mine")).fault !== undefined);
  expect((await model("mine")).fault).toMatch(/^plugins\/mine.*what it was before is in use$/);
  expect(await text()).toBe("two");
  expect(w.logs.filter((line) => line.includes("a local file cannot be used as it is"))).toHaveLength(1);
  client.close();
});
