import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type Answerer, legacyClient, modernClient, type TestClient, type Wire } from "../mcp-client.ts";
import { startStreamingServer } from "../servers/streaming-server.ts";
import { type World, world } from "../world.ts";

/**
 * The matrix of docs/bridging.md: a client of each era, a server of each era over each wire, and every feature between them. All are in one
 * project and used at the same time.
 */
let w: World;
let token: string;
const legacyWeb = startStreamingServer({ name: "legacy-web", eras: ["legacy"] });
const modernWeb = startStreamingServer({ name: "modern-web", eras: ["modern"] });
const sse = startStreamingServer({ name: "old" });
const interactiveProcess = (era: string) => [
  process.execPath,
  join(import.meta.dir, "../servers/interactive-stdio.ts"),
  "--era",
  era,
  "--name",
  era,
];

const servers = {
  "stdio, legacy": "cmd",
  "stdio, modern": "new-cmd",
  "HTTP, legacy": "web",
  "HTTP, modern": "new-web",
  SSE: "old",
} as const;
const clients = { legacy: legacyClient, modern: modernClient } as const;
const cells = Object.keys(clients).flatMap((era) =>
  Object.keys(servers).map((server) => [era as keyof typeof clients, server as keyof typeof servers] as const),
);

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "cmd", command: interactiveProcess("legacy") },
      { kind: "server", name: "new-cmd", command: interactiveProcess("modern") },
      { kind: "server", name: "web", url: legacyWeb.url },
      { kind: "server", name: "new-web", url: modernWeb.url },
      { kind: "server", name: "old", url: sse.sse, transport: "sse" },
      { kind: "project", name: "all", servers: Object.values(servers) },
    ],
  });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "all" })).token;
  for (const name of Object.values(servers)) await w.until(`${name} is there`, w.isRunning(name));
});
afterAll(async () => {
  await w.close();
  await Promise.all([legacyWeb.stop(), modernWeb.stop(), sse.stop()]);
});

const everything = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const answer: Answerer = (method) =>
  method === "elicitation/create"
    ? { action: "accept", content: { name: "me" } }
    : method === "roots/list"
      ? { roots: [{ uri: "file:///here" }] }
      : { role: "assistant", content: { type: "text", text: "sampled" }, model: "m" };

const textOf = (message: Wire): Wire => {
  const text = message.result?.content?.[0]?.text;
  try {
    return JSON.parse(text);
  } catch {
    return text ?? message;
  }
};

describe.each(cells)("a %s client and a server over %s", (era, server) => {
  const name = servers[server];
  const client = (options: object = {}) => clients[era](w, token, { capabilities: everything, answer, ...options });
  const call = async (one: TestClient, tool: string, args: object = {}, options = {}) =>
    await one.request("tools/call", { name: `${name}__${tool}`, arguments: args }, options);

  test("tools, prompts, resources, templates, completion", async () => {
    const one = await client();
    const { tools } = (await one.request("tools/list")).result;
    expect((tools as Wire[]).map((tool) => tool.name)).toContain(`${name}__echo`);
    expect(textOf(await call(one, "echo", { text: "hi" }))).toBe("hi");
    const { prompts } = (await one.request("prompts/list")).result;
    expect((prompts as Wire[]).map((prompt) => prompt.name)).toContain(`${name}__greet`);
    expect((await one.request("prompts/get", { name: `${name}__greet` })).result.messages).toHaveLength(1);
    const { resources } = (await one.request("resources/list")).result;
    const { uri } = (resources as Wire[]).find(({ uri: at }) => !at.startsWith("mcpctl:")) ?? {};
    expect((await one.request("resources/read", { uri })).result.contents).toHaveLength(1);
    expect((await one.request("resources/templates/list")).result.resourceTemplates).not.toEqual([]);
    const ref = { type: "ref/prompt", name: `${name}__greet` };
    const completed = await one.request("completion/complete", { ref, argument: { name: "a", value: "b" } });
    expect(completed.result.completion.values).toHaveLength(1);
  });

  test.each(["form", "page", "sample", "roots"])("asks the client: %s", async (kind) => {
    const one = await client();
    const expected = { form: "accept", page: "accept", sample: "sampled", roots: "file:///here" }[kind] ?? "";
    expect(JSON.stringify(textOf(await call(one, "ask", { for: kind })))).toContain(expected);
    expect(one.asked).toHaveLength(1);
    expect(JSON.stringify(one.asked)).not.toContain("progressToken");
  });

  test("a client that said nothing of it is not asked, and the call is answered", async () => {
    const one = await client({ capabilities: {} });
    const answered = await call(one, "ask");
    expect(one.asked).toEqual([]);
    expect(answered.result !== undefined || answered.error !== undefined).toBe(true);
    expect(JSON.stringify(answered)).not.toContain("accept");
  });

  test("progress comes with the client's own token", async () => {
    const one = await client();
    await call(one, "progress", { steps: 3, ms: 20, mark: "here" }, { progressToken: "mine-1" });
    const told = one.heard.filter(({ method }) => method === "notifications/progress");
    expect(told.map(({ params }) => [params.progressToken, params.message])).toEqual(
      Array.from({ length: 3 }, () => ["mine-1", "here"]),
    );
  });

  test("log messages come from the level that was asked for, and none when none was", async () => {
    const one = await client({ logLevel: "warning" });
    await call(one, "log", { mark: "loud", ms: 50 });
    const levels = one.heard
      .filter(({ method }) => method === "notifications/message")
      .map(({ params }) => params.level);
    expect(levels).toEqual(["warning"]);
    const quiet = await client();
    await call(quiet, "log", { mark: "quiet", ms: 50 });
    expect(quiet.heard).toEqual([]);
  });

  test("cancelling reaches the server", async () => {
    const one = await client();
    const giveUp = new AbortController();
    const waiting = call(one, "wait", { ms: 5_000 }, { signal: giveUp.signal }).catch(() => undefined);
    await Bun.sleep(150);
    const before = performance.now();
    giveUp.abort();
    await waiting;
    expect(performance.now() - before).toBeLessThan(2_000);
    if (server === "HTTP, modern") await w.until("its stream is closed", () => modernWeb.aborted() > 0);
    else
      await w.until("it is told", async () => {
        const seen = textOf(await call(one, "seen"));
        return seen.cancelled.length > 0 || seen.methods.includes("notifications/cancelled");
      });
  });

  test("a list that changed, and a resource that did", async () => {
    const one = await client({ capabilities: {} });
    const known = ownUri[name] ?? "";
    await one.listen([known]);
    await call(one, "change");
    await w.until("the list's change is told", () =>
      one.heard.some(({ method }) => method === "notifications/tools/list_changed"),
    );
    await call(one, "touch", { uri: known });
    await w.until("the resource's change is told", () =>
      one.heard.some(({ method, params }) => method === "notifications/resources/updated" && params.uri === known),
    );
    one.close();
  });
});

/** What the only resource is called that no other server offers. */
const ownUri: Record<string, string> = {
  cmd: "fixture://legacy/one",
  "new-cmd": "fixture://modern/one",
  web: "fixture://legacy-web/one",
  "new-web": "fixture://modern-web/one",
  old: "fixture://old/one",
};
