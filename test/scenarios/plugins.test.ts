import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { definePlugin, type Hooks, type VirtualTool } from "../../src/mcp/pipeline/plugin.ts";
import { legacyClient, modernClient } from "../mcp-client.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { fixture, type World, world } from "../world.ts";

/** What a plugin's hooks do to what clients of both eras see, through a whole gateway. */
let w: World;
let token = "";
beforeAll(async () => {
  w = await world();
  use({});
  await w.must("POST", "/api/v1/servers", { name: "files", command: fixture() });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["files"], proxyModel: "mine" });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" })).token;
  await w.until("the server runs", w.isRunning("files"));
});
afterAll(() => w.close());

let version = 0;
function use(hooks: Partial<Hooks>): void {
  const plugin = definePlugin({ name: "mine", description: "of this test", hooks });
  w.rooms.proxyModels.models.setApplied([
    { ...plugin, type: "plugin", source: "local", pipeline: undefined, version: `${++version}` },
  ]);
}
afterEach(() => use({}));

const echo: VirtualTool = {
  name: "my_echo",
  description: "Says it again",
  inputSchema: { type: "object" },
  call: async ({ word }) => JSON.stringify({ content: [{ type: "text", text: `again: ${word}` }] }),
};

describe.each([
  ["legacy", legacyClient],
  ["modern", modernClient],
] as const)("a %s client", (_, client) => {
  const names = async (one: Awaited<ReturnType<typeof client>>) =>
    (await one.request("tools/list")).result.tools.map(({ name }: { name: string }) => name);
  const call = async (one: Awaited<ReturnType<typeof client>>, name: string, args: object = {}) =>
    (await one.request("tools/call", { name, arguments: args })).result;

  test("sees the list that the hook makes, and calls a tool that no server has", async () => {
    use({
      onSessionCreate: (context) => context.registerTool(echo),
      onToolsList: (_, tools) => tools.filter(({ name }) => name === "my_echo" || name === "files__echo"),
    });
    const one = await client(w, token);
    expect(await names(one)).toEqual(["my_echo", "files__echo"]);
    expect((await call(one, "my_echo", { word: "hello" })).content[0].text).toBe("again: hello");
    one.close();
  });

  test("gets an answer without the server, other arguments, words before, and a shaped answer", async () => {
    use({
      onToolCallBefore: (_, { argumentsText }) =>
        argumentsText.includes("stop")
          ? { answer: '{"content":[{"type":"text","text":"not today"}]}' }
          : { argumentsText: argumentsText.replace("cat", "dog"), preface: "Read this first." },
      onToolCallAfter: (_, __, result) => result.replace("dog", "DOG"),
    });
    const one = await client(w, token);
    expect((await call(one, "files__echo", { text: "stop" })).content[0].text).toBe("not today");
    const { content } = await call(one, "files__echo", { text: "cat" });
    expect(content[0].text).toBe("Read this first.");
    expect(content[1].text).toContain("DOG");
    one.close();
  });

  test("is told what the project says, as the hook has it", async () => {
    use({ onInitialize: () => "Begin at the beginning." });
    const version = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };
    const one = await client(w, token);
    const method = client === legacyClient ? "initialize" : "server/discover";
    expect((await one.request(method, version)).result.instructions).toBe("Begin at the beginning.");
    one.close();
  });

  test("has its answer when a hook fails after the call; before it, nothing is called", async () => {
    const fails = () => {
      throw new Error("out of order");
    };
    use({ onToolsList: fails, onToolCallAfter: fails, onInitialize: fails, onSessionCreate: fails });
    const one = await client(w, token);
    expect(await names(one)).toContain("files__echo");
    expect((await call(one, "files__echo", { text: "cat" })).content[0].text).toContain("cat");
    use({ onToolCallBefore: fails });
    const refused = await call(one, "files__echo", { text: "cat" });
    expect(refused.isError).toBe(true);
    expect(refused.content[0].text).toContain("was not made: out of order");
    one.close();
  });

  test("what a plugin keeps for one caller is no other's", async () => {
    const kept: VirtualTool = {
      ...echo,
      call: async ({ word }, context) => {
        const text = await context.cache.getOrCompute("mine", async () => String(word));
        return JSON.stringify({ content: [{ type: "text", text }] });
      },
    };
    use({ onSessionCreate: (context) => context.registerTool(kept) });
    const name = `other-${client === legacyClient ? "legacy" : "modern"}`;
    const other = (await w.must("POST", "/api/v1/mcptokens", { name, project: "demo" })).token;
    const [one, two] = [await client(w, token), await client(w, other)];
    const first = (await call(one, "my_echo", { word: `of ${name}` })).content[0].text;
    expect((await call(one, "my_echo", { word: "again" })).content[0].text).toBe(first);
    expect((await call(two, "my_echo", { word: "theirs" })).content[0].text).toBe("theirs");
    one.close();
    two.close();
  });

  test("a plugin calls as the caller, and finds what the caller may see", async () => {
    const caller: VirtualTool = {
      ...echo,
      call: async (_, context) => {
        const found = (await context.discover()).map(({ name }) => name).includes("files__echo");
        const answer = await context.callTool("files__echo", '{"text":"from within"}');
        return JSON.stringify({ content: [{ type: "text", text: `${found} ${answer}` }] });
      },
    };
    use({ onSessionCreate: (context) => context.registerTool(caller) });
    const one = await client(w, token);
    expect((await call(one, "my_echo")).content[0].text).toMatch(/^true .*from within/);
    one.close();
  });
});

test("a plugin widens nothing: what a token may not call, no hook and no tool of its own reaches", async () => {
  const reach: VirtualTool = {
    ...echo,
    call: async (_, context) =>
      JSON.stringify({ content: [{ type: "text", text: await context.callTool("files__env", "{}") }] }),
  };
  use({ onSessionCreate: (context) => context.registerTool(reach) });
  const narrow = (await w.must("POST", "/api/v1/mcptokens", { name: "narrow", project: "demo", tools: ["files/echo"] }))
    .token;
  const one = await legacyClient(w, narrow);
  const { result } = await one.request("tools/call", { name: "my_echo", arguments: {} });
  expect([result.isError, result.content[0].text]).toEqual([true, expect.stringContaining("There is no tool")]);
  one.close();
});

test("one server's own endpoint, and vLLM's, are shaped by nothing", async () => {
  use({ onToolsList: () => [] });
  const own = await w.rpc(token, "tools/list", {}, "/projects/demo/servers/files/mcp");
  expect(own.json.result.tools.length).toBeGreaterThan(0);
  expect((await w.rpc(token, "tools/list", {}, "/projects/demo/mcp")).json.result.tools).toEqual([]);
});

test("a tool with an argument of such a name means its own by it: the server is given it, and the answer comes whole", async () => {
  const schema = { type: "object", properties: { _page: { type: "integer" }, kib: { type: "integer" } } };
  const odd = startHttpServer({ tools: [{ name: "big", inputSchema: schema }] });
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "odd", url: odd.url },
      { kind: "project", name: "pages", servers: ["odd", "files"], proxyModel: "content-pipeline" },
    ],
  });
  const one = (await w.must("POST", "/api/v1/mcptokens", { name: "odd", project: "pages" })).token;
  const call = async (name: string, args: object) =>
    (await w.rpc(one, "tools/call", { name, arguments: args })).json.result.content[0].text;
  await w.until("both are listed", async () => (await w.rpc(one, "tools/list")).json.result.tools.length > 5);
  const text = await call("odd__big", { kib: 20, _page: 3 });
  expect([text.length, odd.requests.at(-1)?.body]).toEqual([20 * 1024, expect.stringContaining('"_page":3')]);
  expect(await call("files__big", { kib: 20, _page: 3 })).toContain("_resultId");
  await odd.stop();
});
