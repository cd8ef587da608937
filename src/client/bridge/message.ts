import { isObject } from "../../lib/object.ts";
import { metaKeys } from "../../mcp/protocol.ts";
import { membersOf, memberText, oneLine } from "../../mcp/spans.ts";

/** One JSON-RPC message of the client's: its text goes on as it came, on one line. */
export type Message = {
  text: string;
  /** JSON text of the id; undefined in a notification. */
  id: string | undefined;
  /** Undefined in an answer to what the server asked. */
  method: string | undefined;
  params: Record<string, unknown>;
  /** The version that a client of the modern era names in each request. */
  modernVersion: string | undefined;
};

/** Undefined for what is no JSON. What JSON-RPC makes of it is for the gateway to say. */
export function messageOf(text: string): Message | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { method, params } = isObject(body) ? body : {};
  const known = isObject(params) ? params : {};
  const version = isObject(known["_meta"]) ? known["_meta"][metaKeys.protocolVersion] : undefined;
  return {
    text: oneLine(text),
    id: isObject(body) ? memberText(text, membersOf(text), "id") : undefined,
    method: typeof method === "string" ? method : undefined,
    params: known,
    modernVersion: typeof version === "string" ? version : undefined,
  };
}

/** The id that a message of the server's answers, as JSON text; undefined when it answers nothing. */
export function answeredBy(text: string): string | undefined {
  const members = membersOf(text);
  return memberText(text, members, "method") === undefined ? memberText(text, members, "id") : undefined;
}

/** What may be asked again when nobody knows whether it was answered. A call may have done something; so may what we do not know. */
export const isRepeatable = (method: string): boolean => repeatable.has(method);

const repeatable: ReadonlySet<string> = new Set([
  "initialize",
  "ping",
  "server/discover",
  "subscriptions/listen",
  "tools/list",
  "prompts/list",
  "prompts/get",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "resources/subscribe",
  "resources/unsubscribe",
  "completion/complete",
  "logging/setLevel",
]);
