import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { legacyClient, modernClient, type TestClient } from "../mcp-client.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { startLlmServer } from "../servers/llm-server.ts";
import { type World, world } from "../world.ts";

/** A project's prompts as its clients see them: MCP prompts and resources beside those of its servers. */
let w: World;
let tokens: Record<"demo" | "other" | "parted", string>;
const notes = startHttpServer({ name: "notes" });

const prompt = (name: string, project: string | undefined, fields: object) => ({
  kind: "prompt",
  name,
  ...(project === undefined ? {} : { project }),
  ...fields,
});

const chapters = Array.from({ length: 4 }, (_, n) => `# Part ${n}\n\n${`Of part ${n}. `.repeat(300)}`).join("\n\n");

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "notes", url: notes.url },
      { kind: "project", name: "demo", servers: ["notes"], toolNames: "plain" },
      { kind: "project", name: "other", servers: [] },
      { kind: "project", name: "parted", servers: [], proxyModel: "content-pipeline" },
      prompt("long", "parted", { content: chapters }),
      prompt("style", "demo", { content: "# Ours\n\nBe brief and dry. Always.", priority: 8 }),
      prompt("tone", undefined, { content: "Be kind." }),
      prompt("tone", "demo", { content: "Be dry." }),
      prompt("greet", "demo", { content: "Hello." }),
      prompt("read-me", "demo", { link: "demo/notes:fixture://notes/one" }),
    ],
  });
  await w.until("it is listed", async () => (await w.must("GET", "/api/v1/servers/notes")).status.tools > 0);
  tokens = await w.tokensFor({ demo: "demo", other: "other", parted: "parted" });
});
afterAll(async () => {
  await w.close();
  notes.stop();
});

const namesIn = (items: { name: string }[]) => items.map(({ name }) => name);
const uri = (name: string, project = "demo") => `mcpctl://prompts/${project}/${name}`;

describe.each([
  ["legacy", legacyClient],
  ["modern", modernClient],
] as const)("a %s client", (_, connect) => {
  const client = (project: keyof typeof tokens, path?: string): Promise<TestClient> =>
    connect(w, tokens[project], path === undefined ? {} : { path });

  test("is given them as prompts, own ones in the place of those of every project", async () => {
    const [demo, other] = [await client("demo"), await client("other")];
    const { prompts, _meta } = (await demo.request("prompts/list")).result;
    expect(namesIn(prompts)).toEqual(["greet", "read-me", "style", "tone"]);
    expect(prompts.find(({ name }: { name: string }) => name === "style").description).toBe("Be brief and dry.");
    // The one of the server keeps its name.
    expect(prompts[0].description).toBe("Greets");
    expect(_meta["mcpctl/missing"]).toEqual([{ server: "mcpctl", reason: expect.stringContaining('"greet"') }]);
    const get = async (from: TestClient, name: string) => {
      const { result, error } = await from.request("prompts/get", { name });
      return error?.message ?? result.messages[0];
    };
    expect(await get(demo, "style")).toEqual({
      role: "user",
      content: { type: "text", text: "# Ours\n\nBe brief and dry. Always." },
    });
    expect((await get(demo, "tone")).content.text).toBe("Be dry.");
    expect((await get(demo, "greet")).content.text).toBe("hello from notes");
    expect((await get(demo, "read-me")).content.text).toBe("notes reads fixture://notes/one");
    expect(namesIn((await other.request("prompts/list")).result.prompts)).toEqual(["tone"]);
    expect((await get(other, "tone")).content.text).toBe("Be kind.");
    expect(await get(other, "style")).toContain("There is no prompt");
    const completed = await demo.request("completion/complete", {
      ref: { type: "ref/prompt", name: "style" },
      argument: { name: "x", value: "" },
    });
    expect(completed.result.completion.values).toEqual([]);
  });

  test("reads a long one in parts, by the words under its index", async () => {
    const parted = await client("parted");
    const get = async (more: object) => await parted.request("prompts/get", { name: "long", ...more });
    const textOf = ({ result }: Awaited<ReturnType<typeof get>>): string => result.messages[0].content.text;
    const index = textOf(await get({}));
    expect(index).toContain("get this prompt again");
    const _resultId = /_resultId`: "(\w+)"/.exec(index)?.[1];
    expect(textOf(await get({ arguments: { _resultId, _section: "3" } }))).toStartWith("# Part 2");
    expect(textOf(await get({ arguments: { _resultId, _page: "all" } }))).toBe(chapters);
    expect((await get({ arguments: { _resultId, _section: "9" } })).error.message).toContain("no such section");
    const { error } = await get({ arguments: { _resultId: "r00000000" } });
    expect(error.message).toContain("Get this prompt again without _resultId");
    parted.close();
  });

  test("is given them as resources of its own project alone", async () => {
    const [demo, other] = [await client("demo"), await client("other")];
    const { resources } = (await demo.request("resources/list")).result;
    expect(resources.map((one: { uri: string }) => one.uri)).toEqual(
      expect.arrayContaining(["fixture://notes/one", uri("greet"), uri("read-me"), uri("style"), uri("tone")]),
    );
    expect(resources.find((one: { uri: string }) => one.uri === uri("style"))).toMatchObject({
      name: "style",
      mimeType: "text/markdown",
      annotations: { priority: 0.8 },
    });
    const { contents } = (await demo.request("resources/read", { uri: uri("greet") })).result;
    expect(contents).toEqual([{ uri: uri("greet"), mimeType: "text/markdown", text: "Hello." }]);
    expect((await other.request("resources/read", { uri: uri("style") })).error.message).toContain("No server");
    expect((await demo.request("resources/read", { uri: uri("gate-index") })).error.message).toContain("no prompt");
  });

  test("sees that server and nothing else at a single server's endpoint", async () => {
    const single = await client("demo", "/projects/demo/servers/notes/mcp");
    expect(namesIn((await single.request("prompts/list")).result.prompts)).toEqual(["greet"]);
    expect((await single.request("resources/read", { uri: uri("style") })).error ?? "").not.toEqual(
      "Be brief and dry.",
    );
  });
});

test("a token for single tools of the project, and a read-only one, are given its prompts too", async () => {
  for (const limits of [{ tools: ["notes/echo"] }, { readOnly: true }]) {
    const { token } = await w.must("POST", "/api/v1/mcptokens", {
      name: `limited-${Object.keys(limits)[0]?.toLowerCase()}`,
      project: "demo",
      ...limits,
    });
    const { prompts } = (await w.rpc(token, "prompts/list")).json.result;
    expect(namesIn(prompts)).toEqual(expect.arrayContaining(["style", "tone"]));
    const { contents } = (await w.rpc(token, "resources/read", { uri: uri("style") })).json.result;
    expect(contents[0].text).toContain("Be brief and dry.");
  }
});

test("the project's LLM sums up what is long, by words that may be changed, and describe says who did", async () => {
  const llm = startLlmServer({ answer: (asked) => (asked.startsWith("In brief:") ? "All about deploying." : "?") });
  const content = `# Deploy\n\nOnly from main. ${"Then wait for the checks. ".repeat(40)}`;
  await w.must("POST", "/api/v1/apply", {
    documents: [
      prompt("summarize-prompt", "mcpctl-system", { content: "In brief: {{content}}" }),
      { kind: "llm", name: "small", type: "openai-compatible", url: llm.url, model: "test-model" },
      { kind: "project", name: "told", servers: [], llm: "small" },
      prompt("deploy", "told", { content }),
    ],
  });
  const status = async () => (await w.must("GET", "/api/v1/prompts/deploy?project=told")).status;
  await w.until("it is summed up", async () => (await status()).summaryFrom === "llm");
  expect(await status()).toMatchObject({ summary: "All about deploying.", chaptersFrom: "llm" });
  expect((await w.cli(["describe", "prompt", "deploy", "-p", "told"])).out).toContain("All about deploying.");
  await llm.stop();
});

test("a project whose server is this very gateway reads its own prompts, and a link round about ends", async () => {
  const address = await w.listen();
  await w.must("POST", "/api/v1/projects", { name: "loop", servers: [] });
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "self", project: "loop" });
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "secret", name: "self", data: { bearer: `Bearer ${token}` } },
      {
        kind: "server",
        name: "self",
        url: `${address}/mcp`,
        headers: [{ name: "authorization", valueFrom: { secretRef: { name: "self", key: "bearer" } } }],
      },
      { kind: "project", name: "loop", servers: ["self"] },
      prompt("plain", "loop", { content: "The end." }),
      prompt("near", "loop", { link: `loop/self:${uri("plain", "loop")}` }),
      prompt("round", "loop", { link: `loop/self:${uri("round", "loop")}` }),
      prompt("there", "loop", { link: `loop/self:${uri("back", "loop")}` }),
      prompt("back", "loop", { link: `loop/self:${uri("there", "loop")}` }),
    ],
  });
  const read = async (name: string) => (await w.rpc(token, "resources/read", { uri: uri(name, "loop") })).json;
  expect((await read("plain")).result.contents[0].text).toBe("The end.");
  expect((await read("near")).result.contents[0].text).toBe("The end.");
  for (const name of ["round", "there", "back"])
    expect((await read(name)).error.message).toContain("it leads back to itself");
  const { status } = await w.must("GET", "/api/v1/prompts/round?project=loop");
  expect(status).toMatchObject({ link: "dead", reason: "it leads back to itself" });
  const { resources } = (await w.rpc(token, "resources/list")).json.result;
  const own = resources.filter((one: { uri: string }) => one.uri === uri("plain", "loop"));
  expect(own).toHaveLength(1);
});

test.each([
  ["legacy", legacyClient],
  ["modern", modernClient],
] as const)(
  "a %s client learns of a change to a prompt of its project and of every project, and of no other",
  async (era, connect) => {
    const [demo, other] = [await connect(w, tokens.demo), await connect(w, tokens.other)];
    await Promise.all([demo.listen(), other.listen()]);
    const told = (of: TestClient, list: string) =>
      of.heard.some(({ method }) => method.includes(`${list}/list_changed`));
    await w.must("PUT", `/api/v1/prompts/late-${era}`, { name: `late-${era}`, project: "demo", content: "One." });
    for (const list of ["prompts", "resources"]) await w.until("it is told", () => told(demo, list));
    expect(other.heard).toEqual([]);
    await w.must("PUT", `/api/v1/prompts/all-${era}`, { name: `all-${era}`, content: "All." });
    for (const list of ["prompts", "resources"]) await w.until("it is told", () => told(other, list));
    demo.close();
    other.close();
  },
);
