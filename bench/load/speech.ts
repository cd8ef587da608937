import type { Answer } from "./connection.ts";
import { Connection } from "./connection.ts";
import type { Caller } from "./drive.ts";

export type Era = "legacy" | "modern";

/** Where a server is spoken to, and with what beside the protocol's own headers. */
export type Door = { port: number; path: string; headers: Record<string, string> };

const modernVersion = "2026-07-28";
const legacyVersion = "2025-11-25";
const envelope = {
  "io.modelcontextprotocol/protocolVersion": modernVersion,
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** The bytes of one POST. */
export function post({ port, path, headers }: Door, message: object, more: Record<string, string> = {}): Uint8Array {
  const body = JSON.stringify(message);
  const all = {
    host: `127.0.0.1:${port}`,
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    ...headers,
    ...more,
    "content-length": String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}

/** A request as a client of this era writes it: `name` is what the modern one mirrors in a header. */
export function request(
  door: Door,
  era: Era,
  method: string,
  params: { name?: string; arguments?: object },
  session?: string,
): Uint8Array {
  if (era === "legacy") {
    const more = session === undefined ? {} : { "mcp-session-id": session, "mcp-protocol-version": legacyVersion };
    return post(door, { jsonrpc: "2.0", id: 1, method, params }, more);
  }
  const mirrored = { "mcp-protocol-version": modernVersion, "mcp-method": method };
  const named = params.name === undefined ? {} : { "mcp-name": params.name };
  return post(
    door,
    { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: envelope } },
    { ...mirrored, ...named },
  );
}

export const initialize = (door: Door): Uint8Array =>
  post(door, {
    jsonrpc: "2.0",
    id: 0,
    method: "initialize",
    params: { protocolVersion: legacyVersion, capabilities: {}, clientInfo: { name: "bench", version: "1" } },
  });

export const sessionIn = ({ head }: Answer): string | undefined => /\r\nmcp-session-id: *([^\r]+)/i.exec(head)?.[1];

/** A caller of one tool, in a session of its own where the era has such. */
export async function callerOf(door: Door, era: Era, tool: string, args: object, holds: string): Promise<Caller> {
  const connection = await Connection.open(door.port);
  const session = era === "legacy" ? await begin(door, connection) : undefined;
  const bytes = request(door, era, "tools/call", { name: tool, arguments: args }, session);
  return { connection, request: bytes, isGood: ({ status, body }) => status === 200 && body.includes(holds) };
}

async function begin(door: Door, connection: Connection): Promise<string | undefined> {
  const session = sessionIn(await connection.send(initialize(door)));
  const more = session === undefined ? {} : { "mcp-session-id": session };
  await connection.send(post(door, { jsonrpc: "2.0", method: "notifications/initialized" }, more));
  return session;
}
