import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { definePlugin, type Hooks, type VirtualTool } from "../../src/mcp/pipeline/plugin.ts";
import { legacyClient, modernClient } from "../mcp-client.ts";
import { fixture, type World, world } from "../world.ts";

/** Calls that one tool makes for another are calls: with the same rights, bounds and record as if the client had made them. */
let w: World;
let token = "";
const project = { name: "demo", servers: ["files"], toolBudget: "auto", proxyModel: "mine", auditArguments: true };
const curated = { server: "files", deny: ["slow"], arguments: { env: { name: "PID" } } };
beforeAll(async () => {
  w = await world();
  use({});
  await w.must("POST", "/api/v1/servers", { name: "files", command: fixture() });
  await w.must("POST", "/api/v1/projects", project);
  token = await mint({});
  await w.until("the server runs", w.isRunning("files"));
});
afterAll(() => w.close());

let count = 0;
const mint = async (fields: object): Promise<string> =>
  (await w.must("POST", "/api/v1/mcptokens", { name: `t${++count}`, project: "demo", ...fields })).token;
let version = 0;
function use(hooks: Partial<Hooks>): void {
  const plugin = definePlugin({ name: "mine", description: "of this test", hooks });
  w.rooms.proxyModels.models.setApplied([
    { ...plugin, type: "plugin", source: "local", pipeline: undefined, version: `${++version}` },
  ]);
}
afterEach(() => use({}));
const as = (fields: object) => w.must("PUT", "/api/v1/projects/demo", { ...project, ...fields });

const direct = (name: string, args: unknown, by = token) =>
  w.rpc(by, "tools/call", { name, arguments: args as object });
const through = (name: string, args: unknown, by = token) =>
  w.rpc(by, "tools/call", { name: "call_tool", arguments: { name, arguments: args } });
type Event = { action: string; server?: string; tool?: string; outcome: string; detail?: { arguments?: unknown } };
const calls = async (most: number): Promise<Event[]> =>
  (await w.must("GET", `/api/v1/audit/events?kind=call&limit=${most}`)).items;
const told = ({ server, tool, outcome }: Event) => [server, tool, outcome];
const textOf = ({ json }: { json: { result: { content: { text: string }[] } } }) => json.result.content[0]?.text;

describe("call_tool", () => {
  test("calls, and both what was asked and what was called are recorded", async () => {
    expect(textOf(await through("files__echo", { text: "hello" }))).toBe("hello");
    expect((await calls(2)).map(told)).toEqual([
      [undefined, "call_tool", "ok"],
      ["files", "echo", "ok"],
    ]);
  });

  test.each([
    ["a token for other tools", "fail", { tools: ["files/echo"] }, {}],
    ["a read-only token", "fail", { readOnly: true }, {}],
    ["a tool that the project takes away", "slow", {}, { servers: [curated] }],
  ])("refuses %s as a call does, and the same is recorded", async (_, tool, ofToken, ofProject) => {
    await as(ofProject);
    const by = await mint(ofToken);
    const refused = await direct(`files__${tool}`, {}, by);
    expect(refused.json.error.message).toStartWith("There is no tool");
    const [plain] = await calls(1);
    const { json } = await through(`files__${tool}`, {}, by);
    expect(json.result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining(refused.json.error.message) }],
    });
    const [, nested] = await calls(2);
    expect(told(nested as Event)).toEqual(told(plain as Event));
    await as({});
  });

  test("a preset argument is the project's, whoever writes another", async () => {
    await as({ servers: [curated] });
    for (const args of [{ name: "HOME" }, '{"name":"HOME"}', '{"NAME":"HOME"}']) {
      const { json } = await through("files__env", args);
      expect(json.result.content[0].text).toContain("is preset by this project");
    }
    use({ onToolCallBefore: () => ({ argumentsText: '{"name":"HOME"}' }) });
    expect((await direct("files__env", {})).json.error.message).toContain("is preset by this project");
    await as({});
  });

  test.each([
    ["a key twice", '{"text":"a","text":"b"}', "a key twice"],
    ["a deep one", `{"text":${"[".repeat(200)}${"]".repeat(200)}}`, "limits.depth"],
    ["a number without end", `{"text":${"1".repeat(2_000)}}`, "digits"],
  ])("arguments as a text are judged like the message: %s", async (_, args, why) => {
    const { json } = await through("files__echo", args);
    expect(json.result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining(why) }] });
  });

  test("no secret of arguments that a model wrote as a text is in the audit log", async () => {
    await through("files__echo", '{"text":"hi","password":"opensesame-1"}');
    const events = JSON.stringify(await calls(2));
    expect(events).toContain("[redacted]");
    expect(events).not.toContain("opensesame-1");
  });

  test("takes its place among the calls of its token", async () => {
    await as({ limits: { inFlight: 1 } });
    const first = through("files__slow", { ms: 400 });
    await w.until("it is under way", () => w.rooms.counters.total("calls_under_way") === 1);
    const { json } = await through("files__echo", { text: "hi" });
    expect(json.result?.content[0].text ?? json.error?.message).toContain("limits.inFlight");
    await first;
    await as({});
  });

  test("is cut off when its token is revoked", async () => {
    const { id, token: by } = await w.must("POST", "/api/v1/mcptokens", { name: "gone", project: "demo" });
    const call = through("files__slow", { ms: 5_000 }, by);
    await Bun.sleep(100);
    await w.must("POST", `/api/v1/mcptokens/${id}/revoke`);
    expect((await call).status).toBe(401);
  });
});

describe.each([
  ["legacy", legacyClient],
  ["modern", modernClient],
] as const)("a %s client, and a plugin's calls", (_, client) => {
  const callFor = async (name: string, args: object = {}) => {
    const one = await client(w, token);
    const answer = await one.request("tools/call", { name, arguments: args });
    one.close();
    return answer;
  };
  const tool = (call: VirtualTool["call"]): VirtualTool => ({
    name: "mine",
    description: "x",
    inputSchema: { type: "object" },
    call,
  });
  const none = '{"content":[]}';

  test("each is recorded, and none stands for another", async () => {
    use({
      onSessionCreate: ({ registerTool }) =>
        registerTool(
          tool(async (__, context) => {
            await context.callTool("files__echo", '{"text":"one"}');
            await context.callTool("files__env", '{"name":"HOME"}').catch(() => {});
            return none;
          }),
        ),
      onToolCallBefore: async (context, call) => {
        if (call.name === "files__big") await context.callTool("files__echo", '{"text":"before"}');
        return undefined;
      },
    });
    await callFor("mine");
    expect((await calls(3)).map(told)).toEqual([
      [undefined, "mine", "ok"],
      ["files", "env", "ok"],
      ["files", "echo", "ok"],
    ]);
    await callFor("files__big", { kib: 1 });
    expect((await calls(2)).map(told)).toEqual([
      ["files", "big", "ok"],
      ["files", "echo", "ok"],
    ]);
  });

  test("takes a place among the calls of its token, and so does what no server is called for", async () => {
    await as({ limits: { inFlight: 1 } });
    const first = Promise.withResolvers<string>();
    let begun = 0;
    use({
      onSessionCreate: ({ registerTool }) =>
        registerTool(tool(async () => (begun++ === 0 ? await first.promise : none))),
    });
    const held = callFor("mine");
    await w.until("it is under way", () => begun === 1);
    expect((await callFor("mine")).error.message).toContain("limits.inFlight");
    first.resolve(none);
    expect((await held).result.content).toEqual([]);
    expect(begun).toBe(1);
    await as({});
  });

  test("a tool that calls itself comes to an end", async () => {
    let times = 0;
    use({
      onSessionCreate: ({ registerTool }) =>
        registerTool(
          tool(async (__, context) => {
            if (++times > 50) throw new Error("without end");
            return await context.callTool("mine", "{}");
          }),
        ),
    });
    expect(JSON.stringify(await callFor("mine"))).toContain("4 deep at most");
    expect(times).toBeLessThan(10);
  });

  test("a session that calls a tool while it begins does not wait for itself", async () => {
    use({ onSessionCreate: async (context) => void (await context.callTool("files__echo", "{}")) });
    const { result } = await callFor("files__echo", { text: "cat" });
    expect(result.content[0].text).toBe("cat");
  });
});

describe("parts of an answer that was given", () => {
  const idIn = (text: string): string => /\br[0-9a-hjkmnp-tv-z]{8}\b/.exec(text)?.[0] ?? "";
  const unknown = "This result is not kept, or not any more";

  test("are the caller's who was given it, for this tool of this project, for as long as it may call that", async () => {
    await as({ proxyModel: "pages" });
    await w.must("POST", "/api/v1/projects", { name: "other", servers: ["files"], proxyModel: "pages" });
    const elsewhere = (await w.must("POST", "/api/v1/mcptokens", { name: "elsewhere", project: "other" })).token;
    const id = idIn(textOf(await through("files__echo", { text: "long ".repeat(5_000) })) ?? "");
    const part = { _resultId: id, _page: "all" };
    const { echo, fail } = { echo: "files__echo", fail: "files__fail" };
    for (const answer of [
      await direct(echo, part),
      await through(echo, part),
      await through(echo, JSON.stringify(part)),
    ])
      expect(textOf(answer)).toStartWith("long long");
    const refused = [
      await direct(echo, part, await mint({})),
      await direct(echo, part, elsewhere),
      await direct(fail, part),
      await through(fail, part),
      await direct(echo, { ...part, _resultId: "r00000000" }),
    ];
    for (const answer of refused) expect(textOf(answer)).toStartWith(unknown);
    await as({ proxyModel: "pages", servers: [{ server: "files", deny: ["echo"] }] });
    expect((await direct(echo, part)).json.error.message).toStartWith("There is no tool");
    expect(textOf(await through(echo, part))).toContain(`There is no tool "files__echo" in this project`);
    await as({});
  });
});
