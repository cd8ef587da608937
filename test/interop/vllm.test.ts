import { afterAll, beforeAll, expect, test } from "bun:test";
import { forHarmony } from "../../src/client/clients/check/harmony.ts";
import { openSse, type SseSession } from "../../src/client/clients/check/sse-session.ts";
import { awkwardTools, startAwkward } from "./awkward.ts";
import { callsWith, type Gateway, startGateway } from "./gateway.ts";
import { requestOf, startVllm } from "./vllm.ts";

/** `vllm serve --tool-server` against a process of its own: the very sequence of its MCPToolServer, over the transport of 2024-11-05. */
const awkward = startAwkward();
let gateway: Gateway;
let quiet: SseSession | undefined;
let quietSince = 0;
let comments = 0;

beforeAll(async () => {
  gateway = await startGateway();
  await gateway.apply([
    { kind: "server", name: "awkward", transport: "http", url: awkward.url },
    { kind: "project", name: "traps", servers: ["near", "awkward"], prompt: "Traps." },
  ]);
  // It is left alone until the last test asks how it has been.
  quiet = await openSse(`http://tok:${gateway.token}@${host()}/projects/demo/sse`, {}, counted);
  quietSince = performance.now();
}, 90_000);
afterAll(async () => {
  await quiet?.close();
  awkward.stop();
  await gateway.close();
}, 20_000);

const host = () => new URL(gateway.url).host;
/** An entry of the flag, as clients.md says to write it. */
const entry = (token: string, path: string) => `tok:${token}@${host()}/projects/${path}`;
const trapsToken = async () => (await gateway.mint(`t${crypto.randomUUID().slice(0, 8)}`, "traps")).token;

test("each of these schemas, given as it is, is the end of vLLM", () => {
  const of = (wanted: string) => awkwardTools.find(({ name }) => name === wanted) as Parameters<typeof forHarmony>[0];
  expect(() => forHarmony(of("references"))).toThrow("a member of anyOf has no type");
  expect(() => forHarmony(of("anything"))).toThrow("a schema that is no object");
  expect(() => forHarmony(of("undescribed"))).toThrow("has no description");
  expect(forHarmony(of("failing"))).toMatchObject({ name: "failing" });
});

test("it starts: the name is the project's, or the one that the path chooses", async () => {
  const plain = await startVllm(entry(gateway.token, "demo"));
  expect([...plain.urls.keys()]).toEqual(["demo"]);
  const chosen = ["demo/vllm/browser", "demo/vllm/container"].map((path) => entry(gateway.token, path));
  const both = await startVllm(chosen.join());
  expect([...both.urls.keys()]).toEqual(["browser", "container"]);
  const browser = both.namespaces.get("browser");
  expect(browser?.description).toBe("Tools that echo.");
  const names = browser?.tools.map(({ name }) => name) ?? [];
  expect(names).toEqual(expect.arrayContaining(["near__echo", "everything__echo"]));
  // The recipient is `browser.NAME`, cut at the first dot.
  expect(names.filter((name) => !/^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/.test(name))).toEqual([]);
});

test("the token may stand on either side of the colon", async () => {
  const alone = await startVllm(`${gateway.token}@${host()}/projects/demo/vllm/browser`);
  expect([...alone.urls.keys()]).toEqual(["browser"]);
});

test("schemas that would keep it from starting arrive as it can read them", async () => {
  const { namespaces } = await startVllm(entry(await trapsToken(), "traps/vllm/container"));
  const tools = namespaces.get("container")?.tools ?? [];
  expect(tools.filter(({ name }) => name.startsWith("awkward__"))).toHaveLength(awkwardTools.length);
  const of = (name: string) => tools.find((tool) => tool.name === `awkward__${name}`);
  expect(of("undescribed")?.description).not.toBe("");
  expect(of("anything")?.parameters).toMatchObject({ type: "object", properties: { x: {} } });
  expect(of("references")?.parameters["properties"]).toMatchObject({ place: { type: "object" } });
  expect(JSON.stringify(tools)).not.toContain("$ref");
});

test("a request: a connection of its own, calls, and a cleaning up that fails nobody", async () => {
  const marker = crypto.randomUUID();
  const server = await startVllm(entry(gateway.token, "demo/vllm/browser"));
  const texts = await requestOf(server, "browser", [
    ["near__echo", { text: marker }],
    ["everything__echo", { message: marker }],
  ]);
  expect(texts).toEqual([marker, `Echo: ${marker}`]);
  expect(callsWith(gateway, marker)).toBe(1);
  const { items } = await gateway.api("GET", "/api/v1/audit/events?limit=200");
  const calls = (items as { kind: string; tool?: string; outcome: string }[]).filter(({ kind }) => kind === "call");
  expect(calls.filter(({ tool }) => tool === "echo")).toHaveLength(2);
  expect(calls.filter(({ outcome }) => outcome !== "ok")).toEqual([]);
});

test("the first block is always text, and an error can be read in it", async () => {
  const server = await startVllm(entry(await trapsToken(), "traps/vllm/browser"));
  const calls = ["picture", "nothing", "structured", "failing"].map((name): [string, object] => [
    `awkward__${name}`,
    {},
  ]);
  const [picture, nothing, structured, failing] = await requestOf(server, "browser", calls);
  expect(picture).toContain("a picture of nothing");
  expect(typeof nothing).toBe("string");
  expect(structured).toContain("21");
  expect(failing).toContain("no such city");
  expect(awkward.calls).toEqual(["picture", "nothing", "structured", "failing"]);
});

test("two requests at once use the same ids and never meet", async () => {
  const server = await startVllm(entry(gateway.token, "demo/vllm/browser"));
  const markers = [crypto.randomUUID(), crypto.randomUUID()];
  const answers = await Promise.all(
    markers.map((text) =>
      requestOf(
        server,
        "browser",
        Array.from({ length: 5 }, () => ["near__echo", { text }]),
      ),
    ),
  );
  expect(answers).toEqual(markers.map((marker) => Array.from({ length: 5 }, () => marker)));
});

test("where to post is a path, and it is nobody else's", async () => {
  const session = await openSse(`http://tok:${gateway.token}@${host()}/projects/demo/sse`);
  const other = await gateway.mint("another");
  const post = (path: string, token: string) =>
    fetch(gateway.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    });
  const { pathname, search } = session.endpoint;
  expect((await post(pathname + search, other.token)).status).toBe(404);
  expect((await post(pathname + search, "mcpctl_pat_wrong")).status).toBe(401);
  expect((await post(pathname, gateway.token)).status).toBe(404);
  expect((await post(pathname + search, gateway.token)).status).toBe(202);
  await session.close();
});

test("a token that is wrong, missing or another project's opens nothing", async () => {
  const refusals = [
    [`tok:mcpctl_pat_wrong@${host()}/projects/demo`, "401"],
    [`${host()}/projects/demo`, "401"],
    [entry(gateway.token, "traps"), "403"],
  ] as const;
  for (const [value, status] of refusals) await expect(startVllm(value)).rejects.toThrow(new RegExp(`^${status} `));
});

test("a revoked token ends its stream", async () => {
  const { id, token } = await gateway.mint("short-lived");
  const session = await openSse(`http://tok:${token}@${host()}/projects/demo/sse`);
  await session.initialize();
  const revokedAt = performance.now();
  await gateway.api("POST", `/api/v1/mcptokens/${id}/revoke`);
  await session.ended;
  expect(performance.now() - revokedAt).toBeLessThan(2_000);
  await expect(session.request("ping")).rejects.toThrow(/^401 /);
});

test("a quiet stream stays open and is kept alive within 30 s", async () => {
  while (comments === 0 && performance.now() - quietSince < 30_000) await Bun.sleep(100);
  expect(comments).toBeGreaterThan(0);
  expect(await quiet?.initialize()).toMatchObject({ serverInfo: { name: "demo" } });
}, 35_000);

/** A fetch that sees the comments of a stream, which no client is told of. */
async function counted(request: Request): Promise<Response> {
  const response = await fetch(request);
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, out) => {
      comments += Buffer.from(chunk).toString().match(/^:/gm)?.length ?? 0;
      out.enqueue(chunk);
    },
  });
  return new Response(response.body?.pipeThrough(counter), response);
}
