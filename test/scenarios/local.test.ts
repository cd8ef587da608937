import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { legacyClient, modernClient } from "../mcp-client.ts";
import { fixture, type World, world } from "../world.ts";

/** Files in the data folder, through a whole gateway and a real process of local code. */
let w: World;
let token = "";
beforeAll(async () => {
  // Files that others may write are refused, and some machines make all of them so.
  process.umask(0o022);
  w = await world();
  for (const folder of ["stages", "plugins", "proxymodels"]) mkdirSync(join(w.home, "data", folder));
  await w.must("POST", "/api/v1/servers", { name: "files", command: fixture() });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["files"], proxyModel: "content-pipeline" });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" })).token;
  await w.until("the server runs", w.isRunning("files"));
});
afterAll(() => w.close());

const path = (file: string) => join(w.home, "data", file);
const put = (file: string, text: string) => writeFileSync(path(file), text);
const drop = (file: string) => rmSync(path(file));
const model = async (name: string) => (await w.api("GET", `/api/v1/proxymodels/${name}`)).json;
const stages = () => w.must("GET", "/api/v1/proxymodels/-/stages");
const faultOf = async (file: string): Promise<string | undefined> =>
  (await stages()).faults.find((one: { file: string }) => one.file === file)?.fault;
const isStage = (name: string) => async () => (await stages()).items.some((one: { name: string }) => one.name === name);
const isModel = (name: string) => async () => (await model(name)).source === "local";
const attempt = async (name: string, content: string, more = {}) =>
  await w.must("POST", `/api/v1/proxymodels/${name}/try`, { content, ...more });
const use = (proxyModel: string) =>
  w.must("PUT", "/api/v1/projects/demo", { name: "demo", servers: ["files"], proxyModel });
const told = (words: string) => w.logs.filter((line) => line.includes(words));

test("without any file there is no process; a stage appears, is edited, is broken, and is gone", async () => {
  expect(told("local code")).toEqual([]);
  put("stages/mine.ts", `export default async (content: string) => ({ content: "one " + content })`);
  await w.until("it is there", isStage("mine"));
  await w.must("POST", "/api/v1/proxymodels", { name: "applied", stages: [{ type: "mine", config: { any: 1 } }] });
  expect((await attempt("applied", "x")).content).toBe("one x");
  put(
    "stages/mine.ts",
    `export default async (content: string, ctx) => ({ content: "two " + ctx.config.any + content })`,
  );
  await w.until("the new one runs", async () => (await attempt("applied", "x")).content === "two 1x");
  put("stages/mine.ts", `export default async (content: string) => ({`);
  await w.until("its fault is told", async () => (await faultOf("stages/mine.ts")) !== undefined);
  expect((await attempt("applied", "x")).content).toBe("two 1x");
  expect((await model("applied")).fault).toStartWith('stage "mine": ');
  expect(told("a local file cannot be used as it is")).toHaveLength(1);
  drop("stages/mine.ts");
  await w.until("it is gone", async () => !(await isStage("mine")()));
  expect((await model("applied")).fault).toStartWith("stages/0/type: there is no such stage");
  const refused = await w.api("POST", "/api/v1/proxymodels/applied/try", { content: "x" });
  expect([refused.status, refused.json.detail]).toEqual([409, expect.stringContaining("there is no such stage")]);
});

test("what is to be applied is checked against the stages that there are, by the field's path", async () => {
  const apply = async (stage: object) =>
    (await w.api("POST", "/api/v1/proxymodels", { name: "checked", stages: [{ type: "passthrough" }, stage] })).json;
  expect((await apply({ type: "pagenate" })).fields).toEqual([
    { path: "/stages/1/type", message: 'there is no such stage; did you mean "paginate"?' },
  ]);
  expect((await apply({ type: "paginate", config: { pageBytes: "many" } })).fields[0].path).toBe(
    "/stages/1/config/pageBytes",
  );
  expect((await w.api("GET", "/api/v1/proxymodels/checked")).status).toBe(404);
});

test("a stage that throws, answers nonsense or ends its process is skipped; after the third time it is left out, until it changes", async () => {
  put(
    "stages/bad.ts",
    `export default (content, ctx) => { if (content === "exit") process.exit(1); if (content === "throw") throw new Error("no " + ctx.sourceName); return { contents: 1 }; }`,
  );
  put("proxymodels/bad.yaml", "name: bad\ncacheable: false\nstages: [{type: bad}]\n");
  await w.until("it is there", isModel("bad"));
  const faults = async (content: string) => (await attempt("bad", content)).stages[0].fault;
  expect(await attempt("bad", "throw", { source: "a/b" })).toMatchObject({
    content: "throw",
    stages: [{ fault: "no a/b" }],
  });
  expect(await faults("nonsense")).toBe("its `content` is no text");
  for (let time = 0; time < 3; time++) {
    expect(await attempt("bad", "exit")).toMatchObject({
      content: "exit",
      stages: [{ fault: expect.stringContaining("its process ended") }],
    });
    w.advance(15_000);
  }
  expect(await faults("x")).toContain("left out until its file changes: it ended with exit code 1");
  expect((await model("bad")).fault).toContain("left out until its file changes");
  put("stages/bad.ts", `export default () => ({ content: "good" })`);
  await w.until("it runs again", async () => (await attempt("bad", "x")).content === "good");
  expect((await model("bad")).fault).toBeUndefined();
});

test.each([
  ["legacy", legacyClient],
  ["modern", modernClient],
] as const)("a %s client sees what each hook of a plugin makes", async (era, client) => {
  put(
    `plugins/${era}.ts`,
    `export default { description: "all", hooks: {
       onSessionCreate: (ctx) => { ctx.registerTool({ name: "own_tool", description: "mine", inputSchema: { type: "object" }, call: async (args, now) => {
         const echoed = await now.callTool("files__echo", { text: args.word });
         const names = (await now.discover()).map((tool) => tool.name);
         return echoed.content[1].text + (names.includes("files__echo") ? " found" : "");
       } }); },
       onInitialize: (ctx) => "of " + ctx.projectName,
       onToolsList: (ctx, tools) => tools.filter((tool) => tool.name !== "files__add").map((tool) => tool.name === "files__echo" ? { ...tool, description: "echoes" } : tool),
       onToolCallBefore: (ctx, call) => call.arguments.text === "stop" ? { answer: "stopped" } : { arguments: { text: call.arguments.text + "!" }, preface: "Note." },
       onToolCallAfter: (ctx, call, result) => ({ ...result, content: [...result.content, { type: "text", text: call.server + "/" + call.tool }] }),
     } }`,
  );
  await w.until("it is there", isModel(era));
  await use(era);
  const one = await client(w, token);
  const { tools } = (await one.request("tools/list")).result;
  const byName = new Map(tools.map((tool: { name: string }) => [tool.name, tool]));
  expect(byName.get("own_tool")).toMatchObject({ description: "mine" });
  expect(byName.get("files__echo")).toMatchObject({ description: "echoes" });
  const call = async (name: string, args: object) =>
    (await one.request("tools/call", { name, arguments: args })).result.content.map(
      ({ text }: { text: string }) => text,
    );
  expect(await call("files__echo", { text: "stop" })).toEqual(["stopped"]);
  expect(await call("files__echo", { text: "hi" })).toEqual(["Note.", expect.stringContaining("hi!"), "files/echo"]);
  expect((await call("own_tool", { word: "hey" }))[0]).toMatch(/hey.* found$/);
  // Its process is another one now, which has registered nothing.
  put("stages/exits.ts", `export default () => process.exit(0)`);
  put("proxymodels/exits.yaml", "name: exits\nstages: [{type: exits}]\n");
  await w.until("it is there", isModel("exits"));
  w.advance(15_000);
  await attempt("exits", "x");
  w.advance(15_000);
  expect((await call("own_tool", { word: "hey" }))[0]).toMatch(/hey.* found$/);
  one.close();
  for (const file of [`plugins/${era}.ts`, "stages/exits.ts", "proxymodels/exits.yaml"]) drop(file);
  await use("content-pipeline");
});

test("a name has one owner: mcpctl first, then what was applied, then the files in their order", async () => {
  await w.must("POST", "/api/v1/proxymodels", { name: "twice", stages: [{ type: "passthrough" }] });
  put("proxymodels/a.yaml", "name: twice\nstages: [{type: paginate}]\n---\nname: ours\nstages: [{type: paginate}]\n");
  put("proxymodels/b.yaml", "name: ours\nstages: [{type: truncate}]\n");
  put("plugins/gate.ts", `export default { hooks: { onInitialize: () => "mine" } }`);
  put("stages/paginate.js", `export default () => ({ content: "mine" })`);
  await w.until("they were seen", isModel("ours"));
  expect(await model("twice")).toMatchObject({
    source: "applied",
    stages: [{ type: "passthrough" }],
    fault: "proxymodels/a.yaml has the same name and is left out",
  });
  expect(await model("ours")).toMatchObject({
    stages: [{ type: "paginate" }],
    fault: "proxymodels/b.yaml has the same name and is left out",
  });
  expect(await model("gate")).toMatchObject({
    source: "built-in",
    fault: "plugins/gate.ts has the same name and is left out",
  });
  expect((await stages()).items.find((one: { name: string }) => one.name === "paginate").source).toBe("built-in");
  expect(await faultOf("stages/paginate.js")).toContain("it is left out");
  for (const [name, where] of [
    ["ours", "a file in the data folder"],
    ["gate", "of mcpctl itself"],
  ]) {
    const refused = await w.api("PUT", `/api/v1/proxymodels/${name}`, { name, stages: [{ type: "passthrough" }] });
    expect([refused.status, refused.json.detail]).toEqual([409, expect.stringContaining(where ?? "")]);
  }
  for (const file of ["proxymodels/a.yaml", "proxymodels/b.yaml", "plugins/gate.ts", "stages/paginate.js"]) drop(file);
  await w.until(
    "they are gone",
    async () => (await model("gate")).fault === undefined && (await model("twice")).fault === undefined,
  );
});

test("what others may write is not read, wherever it lies", async () => {
  const good = `export default (content) => ({ content })`;
  put("stages/open.ts", good);
  await w.until("it is there", isStage("open"));
  chmodSync(path("stages/open.ts"), 0o666);
  await w.until("it is refused", async () => (await faultOf("stages/open.ts")) !== undefined);
  expect(await faultOf("stages/open.ts")).toBe("it can be written by others: chmod go-w the file");
  expect(await isStage("open")()).toBe(false);
  writeFileSync(join(w.home, "elsewhere.ts"), good);
  symlinkSync(join(w.home, "elsewhere.ts"), path("stages/linked.ts"));
  put("stages/big.ts", `${good}//${"x".repeat(1024 * 1024)}`);
  put("plugins/Bad_Name.ts", "export default {}");
  put("plugins/odd.ts", "export default { hooks: { onToolList() {} } }");
  await w.until("they were seen", async () => (await faultOf("plugins/odd.ts")) !== undefined);
  expect(await faultOf("stages/linked.ts")).toBe("it is a link that leads out of its folder");
  expect(await faultOf("stages/big.ts")).toBe("it is over 1 MiB");
  expect(await faultOf("plugins/Bad_Name.ts")).toContain("lower-case letters");
  expect((await model("odd")).fault).toBe('plugins/odd.ts: there is no hook "onToolList". Did you mean "onToolsList"?');
  chmodSync(path("plugins"), 0o777);
  await w.until(
    "the folder is refused",
    async () => (await faultOf("plugins/odd.ts"))?.startsWith("its folder can be written by others") === true,
  );
  chmodSync(path("plugins"), 0o700);
  for (const file of ["stages/open.ts", "stages/linked.ts", "stages/big.ts", "plugins/Bad_Name.ts", "plugins/odd.ts"])
    drop(file);
});

test("a project is told that its proxy model is not used", async () => {
  put("proxymodels/later.yaml", "name: later\nextends: [gone]\nstages: [{type: passthrough}]\n");
  await w.until("it is there", isModel("later"));
  await use("later");
  const seenByAll = (await w.cli(["get", "project", "demo", "-o", "json"])).out;
  expect(JSON.parse(seenByAll).status.warnings).toEqual([
    'proxyModel "later" is not used, and results come as they are: it extends "gone", which there is not',
  ]);
  const viewer = await w.userWith("sees-projects", [{ role: "view", resource: "projects" }]);
  const seen = await w.api("GET", "/api/v1/projects/demo", undefined, viewer);
  expect(seen.json.status.warnings).toEqual([
    'proxyModel "later" is not used, and results come as they are: it has a fault',
  ]);
  await use("content-pipeline");
  drop("proxymodels/later.yaml");
});

test("trying a model shows each stage's turn, and takes the right to change it", async () => {
  const text = Array.from({ length: 40 }, (_, i) => `# Part ${i}\n\n${"words ".repeat(100)}`).join("\n\n");
  const { code, out, err } = await w.cli(["proxymodel", "try", "subindex", "-i", "-"], { stdin: text });
  expect([code, err]).toEqual([0, ""]);
  const [head, split, summarize] = out.split("\n");
  expect(head).toMatch(/^STAGE +CHARACTERS +~TOKENS +SECTIONS +MS +CACHED +FAULT$/);
  expect(split).toMatch(/^section-split +[\d,]+ → /);
  expect(summarize).toMatch(/^summarize-tree /);
  const again = JSON.parse(
    (await w.cli(["proxymodel", "try", "subindex", "-i", "-", "-o", "json"], { stdin: text })).out,
  );
  expect(again.stages.map(({ cached }: { cached: boolean }) => cached)).toEqual([true, true]);
  expect(again.sections[0]).toMatchObject({
    id: expect.any(String),
    title: expect.any(String),
    characters: expect.any(Number),
  });
  const none = await w.cli(["proxymodel", "try", "gate", "-i", "-"], { stdin: "x" });
  expect([none.code, none.err]).toEqual([7, expect.stringContaining("has no stages")]);
  const big = await w.api("POST", "/api/v1/proxymodels/pages/try", { content: "x".repeat(10 * 1024 * 1024 + 1) });
  expect(big.status).toBe(413);
  const viewer = await w.userWith("looks", [{ role: "view", resource: "proxymodels" }]);
  expect((await w.api("POST", "/api/v1/proxymodels/pages/try", { content: "x" }, viewer)).status).toBe(403);
  const editor = await w.userWith("edits", [{ role: "edit", resource: "proxymodels", name: "pages" }]);
  expect((await w.api("POST", "/api/v1/proxymodels/pages/try", { content: "x" }, editor)).status).toBe(200);
  expect((await w.api("POST", "/api/v1/proxymodels/subindex/try", { content: "x" }, editor)).status).toBe(403);
  // Somebody else's llm is not to be had by it.
  expect((await w.api("POST", "/api/v1/proxymodels/pages/try", { content: "x", project: "demo" }, editor)).status).toBe(
    403,
  );
});

test("the examples are what docs/plugins.md says, from the first moment of a start", async () => {
  for (const folder of ["stages", "plugins", "proxymodels"])
    for (const name of readdirSync(join("examples", folder)))
      put(`${folder}/${name}`, readFileSync(join("examples", folder, name), "utf8"));
  for (const name of ["house-rules", "logs", "gated-logs"]) await w.until(`${name} is there`, isModel(name));
  expect((await stages()).faults).toEqual([]);
  const log = Array.from({ length: 500 }, (_, i) => `${i % 50 === 7 ? "ERROR disk full" : "INFO fine"} ${i}   `).join(
    "\n",
  );
  const tried = await attempt("logs", log);
  expect(tried.content).toStartWith("A log of 500 lines: ERROR 10, WARN 0, INFO 490, DEBUG 0.\n\nERROR disk full 7\n");
  expect(tried.sections).toHaveLength(5);
  expect((await model("gated-logs")).hooks).toContain("onInitialize (gate)");
});

test("after a restart they are there from the first moment", async () => {
  const restarted = await world({ "data-dir": path("") });
  expect((await restarted.api("GET", "/api/v1/proxymodels/house-rules")).json).toMatchObject({
    extends: ["content-pipeline"],
    hooks: expect.arrayContaining(["onToolCallBefore (house-rules)", "onToolCallAfter (content-pipeline)"]),
  });
  await restarted.close();
}, 20_000);
