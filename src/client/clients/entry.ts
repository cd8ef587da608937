import { isObject } from "../../lib/object.ts";

/** What an entry of a client's file says, whoever wrote it. */
export type Entry = {
  url: string | undefined;
  /** The token in it, if it stands there. */
  token: string | undefined;
  /** The variable that the client reads it from. */
  variable: string | undefined;
  /** The program that it starts, if it starts one. */
  command: string | undefined;
  /** The project that our bridge is started for. */
  project: string | undefined;
};

const addresses = ["url", "httpUrl", "uri", "serverUrl"];
const variables = ["bearer_token_env_var"];
/** `${X}`, `${env:X}`, `$X`, `{env:X}`, `${{ secrets.X }}`: each client spells it in its own way. */
const reference = /^\$?\{{0,2}\s*(?:env:|secrets\.)?([A-Z_][A-Z0-9_]*)\s*\}{0,2}$/;

/** Finds out of an entry where it leads and with what. Clients nest it differently, but call it alike. */
export function readEntry(value: unknown): Entry {
  const leaves = leavesOf(value, 0);
  const under = (names: readonly string[]) => leaves.find(({ key }) => names.includes(key))?.value;
  const words = leaves.filter(({ key }) => key === "args").map(({ value: word }) => word);
  const header = leaves.find(({ key }) => key.toLowerCase() === "authorization")?.value.replace(/^Bearer\s+/i, "");
  const secret = header ?? under(["MCPCTL_TOKEN"]);
  const variable = under(variables) ?? (secret === undefined ? undefined : reference.exec(secret)?.[1]);
  const project = words[words.indexOf("-p") + 1];
  return {
    url: under(addresses) ?? under(["MCPCTL_URL"]),
    token: variable === undefined && secret !== undefined && !secret.startsWith("${input:") ? secret : undefined,
    variable,
    command: under(["command", "cmd"]),
    project: words.includes("mcp") && words.includes("-p") ? project : undefined,
  };
}

const deepest = 6;

/** Every text in it under the nearest key; items of a list under the key of the list. */
function leavesOf(value: unknown, depth: number, key = ""): { key: string; value: string }[] {
  if (typeof value === "string") return [{ key, value }];
  if (depth > deepest) return [];
  if (Array.isArray(value)) return value.flatMap((item) => leavesOf(item, depth + 1, key));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, depth + 1, name));
}
