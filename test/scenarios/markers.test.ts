import { afterAll, beforeAll, expect, test } from "bun:test";
import { metaKeys, modernVersion } from "../../src/mcp/protocol.ts";
import { startRecorder } from "../fuzz/recorder.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { fixture, type World, world } from "../world.ts";
import { foreignMarkers } from "./markers.ts";

/** 50,000 calls by `bun run fuzz`, 1,000 among all tests. */
const calls = Number(process.env["RUNS"] ?? 1_000);
const clients = 200;
const servers = ["line", "old", "up", "streams"];

let w: World;
let tokens: string[];
const old = startHttpServer({ name: "old" });
const streams = startHttpServer({ name: "streams", stream: true });
const up = startRecorder();

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "line", command: fixture("--name", "line") },
      ...Object.entries({ old, streams, up }).map(([name, { url }]) => ({ kind: "server", name, url })),
      { kind: "project", name: "demo", servers },
    ],
  });
  tokens = await Promise.all(
    Array.from(
      { length: 10 },
      async (_, n) => (await w.must("POST", "/api/v1/mcptokens", { name: `t${n}`, project: "demo" })).token,
    ),
  );
  await w.until("all are there", async () =>
    (await Promise.all(servers.map((name) => w.isRunning(name)()))).every(Boolean),
  );
});
afterAll(async () => {
  await w.close();
  await Promise.all([old.stop(), streams.stop(), up.stop()]);
});

const sessions = new Map<number, string>();

/** Every second client is a modern one; a legacy one begins with `initialize` and keeps the session that it is given. */
async function post(client: number, id: number, method: string, params: object, name?: string) {
  const isModern = client % 2 === 0;
  const _meta = isModern
    ? { progressToken: id, [metaKeys.protocolVersion]: modernVersion, [metaKeys.clientCapabilities]: {} }
    : { progressToken: id };
  const session = sessions.get(client);
  const headers = {
    authorization: `Bearer ${tokens[client % tokens.length]}`,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...(isModern ? { "mcp-protocol-version": modernVersion, "mcp-method": method } : {}),
    ...(isModern && name !== undefined ? { "mcp-name": name } : {}),
    ...(session === undefined ? {} : { "mcp-session-id": session }),
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id, method, params: { ...params, _meta } });
  const response = await w.fetch(new Request(`${w.url}/projects/demo/mcp`, { method: "POST", headers, body }));
  const given = response.headers.get("mcp-session-id");
  if (given !== null) sessions.set(client, given);
  const text = await response.text();
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const messages = isStream
    ? [...text.matchAll(/^data: ?(\S.*)$/gm)].map(([, data]) => JSON.parse(data ?? ""))
    : [JSON.parse(text)];
  return messages.find((message) => message.method === undefined && ("result" in message || "error" in message));
}

test("200 clients with the same ids, each with a marker, over servers of every kind: nobody hears what is another's", async () => {
  const hello = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } };
  for (let client = 1; client < clients; client += 2) await post(client, 0, "initialize", hello);
  const from = performance.now();
  const foreign = await foreignMarkers(
    async (client, id, marker) => {
      // A quarter of them at each server, of both eras: more at once would be refused.
      const name = `${servers[(client >> 1) % servers.length]}__echo`;
      // Answers overtake each other, or every mistake would go unseen.
      const slowly = (client * 7 + id * 3) % 5 === 0 ? { ms: (client + id) % 4 } : {};
      const said = await post(client, id, "tools/call", { name, arguments: { text: marker, ...slowly } }, name);
      return { id: said?.id, text: said?.result?.content?.[0]?.text ?? JSON.stringify(said) };
    },
    clients,
    Math.ceil(calls / clients),
  );
  expect(foreign).toEqual([]);
  process.stdout.write(`${calls} calls of ${clients} clients in ${Math.round(performance.now() - from)} ms\n`);
}, 300_000);
