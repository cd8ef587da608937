import { beginningOf } from "../../lib/bounded-text.ts";
import { parsedJson } from "../../lib/json.ts";
import { isObject } from "../../lib/object.ts";
import { messageOf } from "../../lib/problem.ts";
import { McpFailure, type Transport } from "../sdk.ts";
import { exchange } from "./exchange.ts";

const mostBytes = 16 * 1024;

export type ReachTarget = { url: string; headers: Record<string, string>; hasCredential: boolean; timeoutMs: number };

export type Reached = { status: number; transport: Transport };

/**
 * What a plain request gets, before any client library hides it: a refused credential shows here with what the server said of it.
 * A server that takes no POST may be one of the transport of 2024-11-05. @throws McpFailure transport or authentication
 */
export async function reach({ url, headers, hasCredential, timeoutMs }: ReachTarget): Promise<Reached> {
  const signal = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      signal,
      headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", id: 0, method: "ping" }),
    });
  } catch (error) {
    const why = signal.aborted ? `nothing within ${timeoutMs / 1000} s` : messageOf(error);
    throw new McpFailure("transport", `no answer: ${why}`, error);
  }
  const refusal = refusalOf(response.status, hasCredential);
  if (refusal !== undefined)
    throw new McpFailure(refusal.kind, `${refusal.what}${saying((await beginningOf(response, mostBytes)).text)}`);
  const { status } = response;
  if (status < 400) {
    await response.body?.cancel().catch(() => {});
    return { status, transport: "streamable-http" };
  }
  const isOlder = !isRpc((await beginningOf(response, mostBytes)).text) && (await isSse(url, headers, timeoutMs));
  return { status, transport: isOlder ? "sse" : "streamable-http" };
}

const isRpc = (text: string): boolean => {
  const body = parsedJson(text);
  return isObject(body) && body["jsonrpc"] === "2.0";
};

/** The transport of 2024-11-05: a stream whose first event says where messages are posted. */
async function isSse(url: string, headers: Record<string, string>, timeoutMs: number): Promise<boolean> {
  const sent = { url, method: "GET", headers: { accept: "text/event-stream", ...headers } };
  return (await exchange(sent, timeoutMs)).text.startsWith("endpoint: ");
}

/** Which statuses end the matter, and what they mean; undefined is for MCP itself to judge. */
function refusalOf(status: number, hasCredential: boolean): { kind: McpFailure["kind"]; what: string } | undefined {
  const kind = "authentication";
  if (status === 401) {
    return { kind, what: hasCredential ? "HTTP 401: the token is refused" : "HTTP 401: it takes a token (--token)" };
  }
  if (status === 403) {
    return {
      kind,
      what: `HTTP 403: ${hasCredential ? "this token does not open" : "it takes a token (--token) for"} this endpoint`,
    };
  }
  if (status >= 500) return { kind: "transport", what: `HTTP ${status}` };
  if (status >= 300 && status < 400) return { kind: "transport", what: `HTTP ${status}: it redirects elsewhere` };
  return undefined;
}

/** The server's own words out of a problem, an OAuth error, a JSON-RPC error or plain text; of anything else nothing. */
function saying(text: string): string {
  const said = /^\s*[[{]/.test(text) ? fieldOf(text) : /^\s*</.test(text) ? "" : text;
  const words = said.replace(/\s+/g, " ").trim();
  return words === "" ? "" : ` (${words})`;
}

const telling = ["detail", "error_description", "message", "error"] as const;

function fieldOf(json: string): string {
  try {
    const body = JSON.parse(json) as Record<string, unknown>;
    const inner = typeof body["error"] === "object" && body["error"] !== null ? body["error"] : {};
    const all: Record<string, unknown> = { ...inner, ...body };
    const word = telling.map((name) => all[name]).find((value) => typeof value === "string");
    return typeof word === "string" ? word : "";
  } catch {
    return "";
  }
}
