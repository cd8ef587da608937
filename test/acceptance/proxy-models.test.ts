import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { startLlmServer } from "../servers/llm-server.ts";
import { installed, type Serve } from "./installed.ts";

/**
 * What a model sees of its tools, as a person sets it up and clients of both eras live it, against the compiled executable and servers from npm:
 * a gated project of three servers and six prompts, long results as an index, a stage of one's own, and an LLM that dies halfway.
 */
const { home, data, url, mcpctl, ok, okMeanwhile, startServe, until, states, remove } = installed("shaped", 3_000);
const files = join(home, "files");
let serve: Serve;
const llm = startLlmServer({ model: "tiny", contextTokens: 8192, answer: () => "What the model says of it." });

/** About 80 KB in chapters, as a handbook is. */
const handbook = Array.from({ length: 16 }, (_, chapter) => {
  const lines = Array.from(
    { length: 60 },
    (_, n) =>
      `Line ${n} of chapter ${chapter}: how part ${chapter * 60 + n} of the pump is kept in order, and by whom.`,
  );
  return `# Chapter ${chapter}: pump ${chapter}\n\n${lines.join("\n")}\n`;
}).join("\n");

const prompts = [
  ["house-rules", 10, "Always answer with the path of the file that you read."],
  ["pumps", 6, "# Pumps\n\nPumps are described in handbook.md; never guess a pressure."],
  ["deploys", 6, "# Deploys\n\nDeploys run from main, on Tuesdays."],
  ["billing", 5, "# Billing\n\nInvoices are in euros."],
  ["oncall", 4, "# On call\n\nWhoever is on call answers within the hour."],
  ["history", 1, "# History\n\nThe house was built in 1911. Its cellar is older."],
] as const;

beforeAll(async () => {
  mkdirSync(files);
  writeFileSync(join(files, "handbook.md"), handbook);
  writeFileSync(join(files, "second.md"), handbook.replaceAll("pump", "valve"));
  writeFileSync(join(files, "third.md"), handbook.replaceAll("pump", "filter"));
  serve = await startServe();
  const documents = `
kind: server
name: files
packageName: "@modelcontextprotocol/server-filesystem@2026.8.31"
args: [${JSON.stringify(files)}]
---
kind: server
name: everything
packageName: "@modelcontextprotocol/server-everything@2026.8.31"
---
kind: server
name: thinking
packageName: "@modelcontextprotocol/server-sequential-thinking@2026.8.31"
---
kind: project
name: demo
servers: [files, everything, thinking]
proxyModel: default
${prompts.map(([name, priority, content]) => `---\nkind: prompt\nname: ${name}\nproject: demo\npriority: ${priority}\ncontent: ${JSON.stringify(content)}\n`).join("")}`;
  ok(["apply", "-f", "-"], documents);
  await until("all three run", () => states().every(({ status }) => status.state === "RUNNING"), 120_000);
}, 180_000);
afterAll(async () => {
  serve.kill("SIGKILL");
  await serve.exited;
  await llm.stop();
  remove();
});

/** Both official clients have these; their types differ, their behaviour must not. */
type Result = { content: { type: string; text?: string }[]; isError?: boolean };
type AnyClient = {
  listTools: () => Promise<{ tools: { name: string; inputSchema: { properties?: object } }[] }>;
  callTool: (call: { name: string; arguments: Record<string, unknown> }) => Promise<unknown>;
  getInstructions: () => string | undefined;
  close: () => Promise<void>;
};
const clients = {
  legacy: async (token: string) => {
    const client = new LegacyClient({ name: "shaped", version: "1" });
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new LegacyTransport(new URL(`${url}/mcp`), { requestInit }) as never);
    return client as unknown as AnyClient;
  },
  modern: async (token: string) => {
    const client = new ModernClient(
      { name: "shaped", version: "1" },
      { versionNegotiation: { mode: { pin: "2026-07-28" } } },
    );
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new ModernTransport(new URL(`${url}/projects/demo/mcp`), { requestInit }));
    return client as unknown as AnyClient;
  },
};
const tokenFor = (name: string) => ok(["token", "create", name, "-p", "demo", "--quiet"]).trim();
const names = async (client: AnyClient) => (await client.listTools()).tools.map(({ name }) => name);
const textsOf = ({ content }: Result) => content.map(({ text = "" }) => text).join("\n");
const call = async (client: AnyClient, name: string, args: Record<string, unknown>) =>
  (await client.callTool({ name, arguments: args })) as Result;
const read = async (client: AnyClient, path: string, more: object = {}) =>
  textsOf(await call(client, "files__read_text_file", { path: join(files, path), ...more }));
const resultIdIn = (text: string) => /_resultId\W+(\w+)/.exec(text)?.[1] ?? "";

describe.each(["legacy", "modern"] as const)("a %s client", (era) => {
  let token = "";
  let first: AnyClient;
  let resultId = "";

  test("sees one tool, and is told to begin", async () => {
    token = tokenFor(era);
    first = await clients[era](token);
    expect(await names(first)).toEqual(["begin_session"]);
    expect(first.getInstructions()).toContain("begin_session");
  });

  test("begins with tags: the prompts that fit come whole, the others as an index, and all tools are there", async () => {
    const said = textsOf(await call(first, "begin_session", { tags: ["pump", "pressure", "handbook"] }));
    expect(said).toContain("Always answer with the path");
    expect(said).toContain("never guess a pressure");
    for (const name of ["deploys", "billing", "oncall", "history"]) expect(said).toContain(name);
    expect(said).not.toContain("cellar");
    const open = await names(first);
    expect(open).toEqual(
      expect.arrayContaining([
        "files__read_text_file",
        "everything__echo",
        "thinking__sequentialthinking",
        "read_prompts",
        "propose_prompt",
      ]),
    );
    expect(textsOf(await call(first, "read_prompts", { names: ["history"] }))).toContain("cellar");
  });

  test("gets 80 KB as an index, and two sections of it by the same tool", async () => {
    const index = await read(first, "handbook.md");
    expect(index.length).toBeLessThan(12_000);
    expect(index).toContain("Chapter 3");
    resultId = resultIdIn(index);
    const [four, nine] = [
      await read(first, "handbook.md", { _resultId: resultId, _section: "4" }),
      await read(first, "handbook.md", { _resultId: resultId, _section: "9" }),
    ];
    expect(four).toMatch(/Line 59 of chapter \d+: how part/);
    expect(nine).toMatch(/Line 59 of chapter \d+: how part/);
    expect(four).not.toBe(nine);
    expect(await read(first, "handbook.md", { _resultId: resultId, _section: "99" })).toContain("4");
    expect(await read(first, "handbook.md", { _resultId: resultId, _page: "all" })).toBe(handbook);
  });

  test("a second one with the same token begins open, and what was computed is there already", async () => {
    const hits = () => (JSON.parse(ok(["cache", "stats", "-o", "json"])) as { hits: number }).hits;
    const before = hits();
    const second = await clients[era](token);
    expect(await names(second)).toContain("files__read_text_file");
    expect(resultIdIn(await read(second, "handbook.md"))).toBe(resultId);
    expect(hits()).toBeGreaterThan(before);
    await second.close();
  });

  test("another token's result is nobody else's", async () => {
    const stranger = await clients[era](tokenFor(`${era}-stranger`));
    const said = await call(stranger, "files__read_text_file", {
      path: join(files, "handbook.md"),
      _resultId: resultId,
      _section: "4",
    });
    expect(textsOf(said)).not.toContain("how part");
    await stranger.close();
    await first.close();
  });
});

test("a real tool before begin_session is answered, with the briefing before it", async () => {
  const hasty = await clients.legacy(tokenFor("hasty"));
  const { content } = await call(hasty, "everything__echo", { message: "pump?" });
  expect(content[0]?.text).toContain("Always answer with the path");
  expect(content.at(-1)?.text).toContain("Echo: pump?");
  expect(await names(hasty)).toContain("everything__echo");
  await hasty.close();
});

test("test mcp says that the gate is closed, and how it is opened", () => {
  const check = (...words: string[]) => mcpctl(["test", "mcp", `${url}/mcp`, "--token", token, ...words]);
  const token = tokenFor("checking");
  const expecting = () => check("--expect-tools", "files__read_text_file");
  const closed = expecting();
  expect([closed.code, closed.out + closed.err]).toEqual([
    2,
    expect.stringContaining("the gate of this project is closed"),
  ]);
  const begin = ["--tool", "begin_session", "--args", '{"tags":["one","two","three"]}'];
  expect(check(...begin).code).toBe(0);
  expect(expecting().code).toBe(0);
});

test("the open gate and the parts of a result outlive a restart", async () => {
  const token = tokenFor("lasting");
  const before = await clients.legacy(token);
  await call(before, "begin_session", { tags: ["pump", "deploy", "billing"] });
  const resultId = resultIdIn(await read(before, "handbook.md"));
  await before.close();
  serve.kill("SIGTERM");
  expect(await serve.exited).toBe(0);
  serve = await startServe();
  await until("the files are there", () => states().every(({ status }) => status.state === "RUNNING"));
  const after = await clients.legacy(token);
  expect(await names(after)).toContain("files__read_text_file");
  expect(await read(after, "handbook.md", { _resultId: resultId, _section: "4" })).toContain("how part");
  await after.close();
});

test("a stage of one's own takes effect, and so does its next version, without a restart", async () => {
  const stage = (word: string) =>
    writeFileSync(
      join(data, "stages", "sign.mjs"),
      `export default async (content) => ({ content: content + "\\n${word}" });\n`,
      { mode: 0o600 },
    );
  mkdirSync(join(data, "stages"), { recursive: true, mode: 0o700 });
  stage("signed, first");
  await until("the stage is known", () => ok(["proxymodel", "stages"]).includes("sign"));
  ok(["apply", "-f", "-"], "kind: proxymodel\nname: signed\nextends: [gate]\nstages: [{type: sign}]\n");
  const project = "kind: project\nname: demo\nservers: [files, everything, thinking]\nproxyModel: signed\n";
  ok(["apply", "-f", "-"], project);
  const client = await clients.legacy(tokenFor("signing"));
  const said = async () => textsOf(await call(client, "everything__echo", { message: "x" }));
  await until("it is signed", async () => (await said()).includes("signed, first"));
  stage("signed, second");
  await until("it is signed anew", async () => (await said()).includes("signed, second"), 10_000);
  writeFileSync(join(data, "stages", "sign.mjs"), "export default async (content => {", { mode: 0o600 });
  await until("the fault is told", () => ok(["describe", "proxymodel", "signed"]).includes("sign"), 10_000);
  expect(await said()).toContain("signed, second");
  await client.close();
});

test("an LLM summarises and chooses; killed halfway, everything goes on without it", async () => {
  await okMeanwhile([
    "create",
    "llm",
    "local",
    "--type",
    "openai-compatible",
    "--url",
    llm.url,
    "--model",
    "tiny",
    "--tier",
    "fast",
    "--timeout-seconds",
    "5",
  ]);
  ok(
    ["apply", "-f", "-"],
    "kind: project\nname: demo\nservers: [files, everything, thinking]\nproxyModel: default\nllm: local\n",
  );
  llm.behaviour.answer = (prompt: string) =>
    prompt.includes("one on each line") ? "deploys" : "What the model says of it.";
  const client = await clients.modern(tokenFor("asking"));
  const [begin] = (await client.listTools()).tools;
  expect([begin?.name, Object.keys(begin?.inputSchema.properties ?? {})]).toEqual(["begin_session", ["description"]]);
  const said = textsOf(await call(client, "begin_session", { description: "Put the new version out" }));
  expect(said).toContain("on Tuesdays");
  expect(said).not.toContain("# Pumps");
  expect(await read(client, "second.md")).toContain("What the model says of it.");
  expect(llm.requests.length).toBeGreaterThan(0);
  await llm.stop();
  const index = await read(client, "third.md");
  expect(index).toContain("Chapter 3");
  expect(index).not.toContain("What the model says of it.");
  expect(await read(client, "third.md", { _resultId: resultIdIn(index), _section: "4" })).toContain("how part");
  await client.close();
  const late = await clients.modern(tokenFor("late"));
  const [again] = (await late.listTools()).tools;
  expect(again?.name).toBe("begin_session");
  expect(textsOf(await call(late, "begin_session", { tags: ["pump", "pressure", "handbook"] }))).toContain(
    "never guess a pressure",
  );
  await late.close();
});
