import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  Client as ClientV2,
  StreamableHTTPClientTransport as HttpV2,
  type VersionNegotiationMode,
} from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { callsWith, type Gateway, startGateway } from "./gateway.ts";
import { spoken, startTap } from "./tap.ts";

/** The official clients as people have them, against a process of its own: each lists and calls a tool of either upstream, with a token. */
let gateway: Gateway;
let tap: Awaited<ReturnType<typeof startTap>>;
beforeAll(async () => {
  gateway = await startGateway();
}, 90_000);
afterAll(async () => {
  await gateway.close();
}, 20_000);

const requestInit = () => ({ headers: { authorization: `Bearer ${gateway.token}` } });
const endpoint = (path: string) => new URL(tap.url + path);
const info = { name: "interop", version: "1.0.0" };

const namesIn = ({ tools }: { tools: { name: string }[] }) => tools.map(({ name }) => name).toSorted();
type Called = { content?: unknown };
type Calling = {
  listTools: () => Promise<{ tools: { name: string }[] }>;
  callTool: (call: { name: string; arguments: Record<string, unknown> }) => Promise<Called>;
  close: () => Promise<void>;
};

/** Lists, calls a tool of each upstream once, and says what the gateway heard. */
async function listsAndCalls(path: string, connect: () => Promise<Calling>) {
  tap = await startTap(gateway.url);
  const marker = crypto.randomUUID();
  try {
    const client = await connect();
    const { tools } = await client.listTools();
    const near = await client.callTool({ name: "near__echo", arguments: { text: marker } });
    const everything = await client.callTool({ name: "everything__echo", arguments: { message: marker } });
    await client.close();
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(["near__echo", "everything__echo"]));
    expect(near.content).toEqual([{ type: "text", text: marker }]);
    expect(everything.content).toEqual([{ type: "text", text: `Echo: ${marker}` }]);
    expect(callsWith(gateway, marker)).toBe(1);
    const heard = tap.heard();
    expect(heard.every((request) => request.path.startsWith(path))).toBe(true);
    return { version: spoken(heard), said: heard.map(({ verb, rpc }) => rpc ?? verb) };
  } finally {
    tap.stop();
  }
}

async function v1(transport: HttpV1 | SSEClientTransport): Promise<Calling> {
  const client = new ClientV1(info);
  // Its own types do not allow what its own transport has under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return client as Calling;
}

async function v2(mode: VersionNegotiationMode): Promise<Calling> {
  const client = new ClientV2(info, { versionNegotiation: { mode } });
  await client.connect(new HttpV2(endpoint("/projects/demo/mcp"), { requestInit: requestInit() }));
  return client as Calling;
}

describe("SDK 1.32.2", () => {
  test("Streamable HTTP", async () => {
    const { version, said } = await listsAndCalls("/projects/demo/mcp", () =>
      v1(new HttpV1(endpoint("/projects/demo/mcp"), { requestInit: requestInit() })),
    );
    expect(version).toBe("2025-11-25");
    expect(said.filter((word) => word === "initialize")).toHaveLength(1);
  });

  test("HTTP and SSE of 2024-11-05", async () => {
    const { said } = await listsAndCalls("/projects/demo/sse", () =>
      v1(new SSEClientTransport(endpoint("/projects/demo/sse"), { requestInit: requestInit() })),
    );
    expect(said).toEqual(["GET", "initialize", "notifications/initialized", "tools/list", "tools/call", "tools/call"]);
  });
});

/** Several clients never initialize again by themselves (reference/clients.md §6.2). */
test("a restart of the gateway loses no session: the next requests are answered, and the stream of GET is opened anew", async () => {
  tap = await startTap(gateway.url);
  try {
    const client = await v1(new HttpV1(endpoint("/projects/demo/mcp"), { requestInit: requestInit() }));
    const before = namesIn(await client.listTools());
    const streams = () => tap.heard().filter(({ verb }) => verb === "GET").length;
    const opened = streams();
    const startedAt = performance.now();
    await gateway.restart();
    // A client that listens is not waited for.
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    const marker = crypto.randomUUID();
    const near = await client.callTool({ name: "near__echo", arguments: { text: marker } });
    expect(near.content).toEqual([{ type: "text", text: marker }]);
    expect(callsWith(gateway, marker)).toBe(1);
    expect(namesIn(await client.listTools())).toEqual(before);
    for (const end = performance.now() + 10_000; streams() <= opened && performance.now() < end; ) await Bun.sleep(50);
    expect(streams()).toBeGreaterThan(opened);
    await client.close();
    const said = tap.heard().filter(({ rpc }) => rpc === "initialize");
    expect(said).toHaveLength(1);
  } finally {
    tap.stop();
  }
}, 60_000);

describe("SDK 2.4.0", () => {
  test.each<[string, VersionNegotiationMode, string]>([
    ["legacy", "legacy", "2025-11-25"],
    ["auto", "auto", "2026-07-28"],
    ["pinned to modern", { pin: "2026-07-28" }, "2026-07-28"],
  ])("mode %s", async (_, mode, expected) => {
    const { version, said } = await listsAndCalls("/projects/demo/mcp", () => v2(mode));
    expect(version).toBe(expected);
    expect(said.includes("initialize")).toBe(expected !== "2026-07-28");
  });
});
