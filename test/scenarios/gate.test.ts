import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSse } from "../../src/client/clients/check/sse-session.ts";
import { legacyClient, modernClient, type TestClient } from "../mcp-client.ts";
import { startLlmServer } from "../servers/llm-server.ts";
import { fixture, type World, world } from "../world.ts";

/** The gate as clients of both eras meet it, through a whole gateway and with real servers. */
const folder = mkdtempSync(join(tmpdir(), "mcpctl-gate-"));
const settings = { database: `sqlite:${join(folder, "mcpctl.db")}` };
let w: World;
/** How far the clock was moved, in all worlds. */
let ahead = 0;

async function begin(): Promise<void> {
  w = await world(settings);
  w.advance(ahead);
}
beforeAll(async () => {
  await begin();
  const prompt = (name: string, content: string, more: object = {}) => ({
    kind: "prompt",
    project: "demo",
    name,
    content,
    ...more,
  });
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "files", command: fixture() },
      { kind: "project", name: "demo", servers: ["files"], prompt: "Demo.", proxyModel: "default" },
      { kind: "project", name: "empty", servers: ["files"], proxyModel: "gate" },
      { kind: "project", name: "bare", servers: ["files"] },
      prompt("always", "Answer in English.", { priority: 10 }),
      prompt("release", "# How a release is made\n\nTag, then push."),
      prompt("style", "Short sentences.", { summary: "House style" }),
    ],
  });
  await w.until("the server runs", w.isRunning("files"));
});
afterAll(async () => {
  await w.close();
  rmSync(folder, { recursive: true });
});
let tokens = 0;
const newToken = async (more: object = {}): Promise<string> =>
  (await w.must("POST", "/api/v1/mcptokens", { name: `t${tokens++}`, project: "demo", ...more })).token;
const open: TestClient[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

describe.each([
  ["legacy", legacyClient, "initialize"],
  ["modern", modernClient, "server/discover"],
] as const)("a %s client", (_, connect, hello) => {
  const client = async (token: string) => {
    const one = await connect(w, token);
    open.push(one);
    return one;
  };
  const list = async (one: TestClient): Promise<string[]> =>
    (await one.request("tools/list")).result.tools.map(({ name }: { name: string }) => name);
  const call = async (one: TestClient, name: string, args: object = {}) => {
    const { content, isError } = (await one.request("tools/call", { name, arguments: args })).result;
    return { texts: content.map(({ text }: { text: string }) => text) as string[], isError: isError === true };
  };
  const opening = async (token: string) => {
    const one = await client(token);
    await call(one, "begin_session", { tags: ["release"] });
    return one;
  };

  test("begins, is given what fits, and sees its tools", async () => {
    const token = await newToken();
    const one = await client(token);
    await one.listen();
    expect(await list(one)).toEqual(["begin_session"]);
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } };
    expect((await one.request(hello, params)).result.instructions).toMatch(/^Demo\.\n\n.*begin_session/s);
    const begun = await call(one, "begin_session", { tags: ["release", "git"] });
    expect(begun.isError).toBe(false);
    expect(begun.texts[0]).toMatch(/Answer in English\.[\s\S]*Tag, then push\.[\s\S]*- style: House style/);
    await w.until("the client is told", () =>
      one.heard.some(({ method }) => method === "notifications/tools/list_changed"),
    );
    const tools = await list(one);
    expect(tools).toEqual(expect.arrayContaining(["files__echo", "read_prompts", "propose_prompt"]));
    expect(tools).not.toContain("begin_session");
    expect((await call(one, "read_prompts", { names: ["style"] })).texts[0]).toContain("Short sentences.");
    const proposed = await call(one, "propose_prompt", { name: "Deploy notes", content: "From main only." });
    expect(proposed.texts[0]).toMatch(/"deploy-notes[-\d]*"\. A person decides/);
    const requests = (await w.must("GET", "/api/v1/promptrequests")).items;
    expect(requests).toContainEqual(expect.objectContaining({ project: "demo", content: "From main only." }));
    expect((await call(one, "begin_session", { tags: ["style"] })).texts[0]).toContain("style (delivered before)");
    const wrong = await call(one, "begin_session", { tags: [] });
    expect([wrong.isError, wrong.texts[0]?.includes("keywords")]).toEqual([true, true]);
    const { items } = await w.must("GET", "/api/v1/audit/events?limit=200");
    const told = items.filter(({ action }: { action?: string }) => action === "gate.open").at(0);
    expect(told).toMatchObject({
      project: "demo",
      detail: { by: "begin_session", tags: 2, prompts: ["always", "release"] },
    });
  });

  test("starts open in the next session of its token, until the hour is over, and a restart changes nothing", async () => {
    const token = await newToken();
    await opening(token);
    expect(await list(await client(token))).toContain("files__echo");
    expect(await list(await client(await newToken()))).toEqual(["begin_session"]);
    await w.close();
    await begin();
    await w.until("the server runs", w.isRunning("files"));
    expect(await list(await client(token))).toContain("files__echo");
    w.advance(3_600_000);
    ahead += 3_600_000;
    expect(await list(await client(token))).toEqual(["begin_session"]);
  });

  test("calls a tool before it began: the answer comes after what it should have read, once of many at once", async () => {
    const one = await client(await newToken());
    const answers = await Promise.all([1, 2, 3].map((n) => call(one, "files__echo", { text: `release ${n}` })));
    const briefed = answers.filter(({ texts }) => texts.length > 1);
    expect(briefed).toHaveLength(1);
    expect(briefed[0]?.texts[0]).toMatch(/You called `files__echo`[\s\S]*Answer in English\.[\s\S]*Tag, then push\./);
    expect(answers.map(({ texts }) => texts.at(-1)).toSorted()).toEqual(
      [1, 2, 3].map((n) => expect.stringContaining(`release ${n}`)),
    );
    expect(await list(one)).toContain("files__echo");
  });

  test("of a project without prompts sees what there would be without a gate", async () => {
    const tools = await list(await client(await newToken({ project: "empty" })));
    const bare = (await w.rpc(w.admin, "tools/list", {}, "/projects/bare/mcp")).json.result.tools;
    expect(tools).toEqual(bare.map(({ name }: { name: string }) => name));
  });

  test("with a narrow token sees its own tools behind the gate and no others; a read-only one proposes nothing", async () => {
    expect(await list(await opening(await newToken({ tools: ["files/echo"] })))).toEqual([
      "files__echo",
      "read_prompts",
      "propose_prompt",
    ]);
    const readOnly = await opening(await newToken({ readOnly: true }));
    expect(await list(readOnly)).toContain("read_prompts");
    expect(await list(readOnly)).not.toContain("propose_prompt");
    expect((await readOnly.request("tools/call", { name: "propose_prompt", arguments: {} })).error).toBeDefined();
  });
});

test("vLLM's tool server, which never asks again, is never gated; nor is one server's own endpoint", async () => {
  const token = await newToken();
  const session = await openSse(`http://tok:${token}@${new URL(w.listen()).host}/projects/demo/sse`);
  const { instructions } = await session.initialize();
  expect(instructions).toBe("Demo.");
  const tools = ((await session.request("tools/list"))["tools"] as { name: string }[]).map(({ name }) => name);
  expect(tools).toEqual(expect.arrayContaining(["files__echo", "read_prompts"]));
  const answer = await session.request("tools/call", { name: "files__echo", arguments: { text: "hello" } });
  expect(JSON.stringify(answer)).not.toContain("Answer in English");
  await session.close();
  const own = await w.rpc(token, "tools/list", {}, "/projects/demo/servers/files/mcp");
  expect(own.json.result.tools.map(({ name }: { name: string }) => name)).toContain("echo");
});

test("an LLM chooses by a description; once it is down, words do, and tags are asked for", async () => {
  const server = startLlmServer({ answer: () => "1. of-this-project\n2. no-such-prompt" });
  const prompt = (name: string) => ({ kind: "prompt", project: "chosen", name, content: `What ${name} says.` });
  await w.must("POST", "/api/v1/apply", {
    documents: [
      {
        kind: "llm",
        name: "local",
        type: "openai-compatible",
        url: server.url,
        model: "test-model",
        timeoutSeconds: 1,
      },
      { kind: "project", name: "chosen", servers: ["files"], proxyModel: "gate", llm: "local" },
      prompt("of-this-project"),
      prompt("release"),
    ],
  });
  const begun = async () => {
    const one = await legacyClient(w, await newToken({ project: "chosen" }));
    open.push(one);
    const [{ inputSchema }] = (await one.request("tools/list")).result.tools;
    const args = { description: "Make a release" };
    const { content } = (await one.request("tools/call", { name: "begin_session", arguments: args })).result;
    const whole = [...content[0].text.matchAll(/<prompt name="([\w-]+)">/g)].map(([, name]) => name);
    return [Object.keys(inputSchema.properties)[0], ...whole];
  };
  expect(await begun()).toEqual(["description", "of-this-project"]);
  expect(server.requests.filter((asked) => asked.prompt.includes("Make a release"))).toHaveLength(1);
  server.behaviour.answer = () => "I would be glad to help!";
  expect(await begun()).toEqual(["description", "release"]);
  await server.stop();
  expect((await begun()).slice(1)).toEqual(["release"]);
  await w.until("it is known to be down", async () => (await begun())[0] === "tags");
});
