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
function post({ port, path, headers }: Door, message: object, more: Record<string, string> = {}): Uint8Array {
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
  params: { name?: string; arguments?: object; notifications?: object },
  session?: string,
): Uint8Array {
  if (era === "legacy") return post(door, { jsonrpc: "2.0", id: 1, method, params }, inSession(session));
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

/** One client's own connection, and its session where the era has such. */
export type Client = { door: Door; connection: Connection; session: string | undefined };

export async function clientOf(door: Door, era: Era): Promise<Client> {
  const connection = await Connection.open(door.port);
  return { door, connection, session: era === "legacy" ? await begin(door, connection) : undefined };
}

/** What is asked again and again: a call of a tool and what its answer holds, or the list of them. */
export type Work = { tool: string; args: object; holds: string } | "tools/list";
type Side = { door: Door; tool: (name: string) => string };

/** So many callers, each on its own connection. */
export async function callersOf({ door, tool }: Side, era: Era, work: Work, count: number): Promise<Caller[]> {
  const callers: Caller[] = [];
  for (let n = 0; n < count; n++) {
    const { connection, session } = await clientOf(door, era);
    const [bytes, holds] =
      work === "tools/list"
        ? [request(door, era, work, {}, session), '"tools":']
        : [request(door, era, "tools/call", { name: tool(work.tool), arguments: work.args }, session), work.holds];
    callers.push({ connection, next: () => bytes, isGood: holding(holds) });
  }
  return callers;
}

export const holding =
  (text: string) =>
  ({ status, body }: Answer): boolean =>
    status === 200 && body.includes(text);

/** The bytes of a request without a body, such as the DELETE that ends a session. */
export function bare(method: string, { port, path, headers }: Door, more: Record<string, string>): Uint8Array {
  const all = { host: `127.0.0.1:${port}`, ...headers, ...more };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
}

export const inSession = (session: string | undefined): Record<string, string> =>
  session === undefined ? {} : { "mcp-session-id": session, "mcp-protocol-version": legacyVersion };

async function begin(door: Door, connection: Connection): Promise<string | undefined> {
  const session = sessionIn(await connection.send(initialize(door)));
  await connection.send(initialized(door, session));
  return session;
}

export const initialized = (door: Door, session: string | undefined): Uint8Array =>
  post(door, { jsonrpc: "2.0", method: "notifications/initialized" }, inSession(session));
