import { isObject } from "../../lib/object.ts";

/** One server of somebody's configuration, whoever's: its words are as they stand there, references such as `${TOKEN}` included. */
export type Entry = {
  name: string;
  description?: string | undefined;
  command?: string | undefined;
  args: string[];
  cwd?: string | undefined;
  url?: string | undefined;
  transport?: "http" | "sse" | undefined;
  env: Record<string, string>;
  headers: Record<string, string>;
  /** Fields of a server that the configuration gives as such, and not by a command line: an image, a package. */
  fields?: Record<string, unknown>;
  /** Tools that are shown, and those that are not. */
  allow?: string[] | undefined;
  deny?: string[] | undefined;
  /** Why there is nothing to make of it. */
  unfit?: string | undefined;
  /** What is not carried over, each in a few words. */
  lost: string[];
};

/** What a reference stands for, where the configuration says so. */
export type Input = { description?: string | undefined; secret: boolean };

/** What a reader finds in a file. */
export type Reading = { entries: Entry[]; inputs?: Record<string, Input> };

export const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

export const textsOf = (value: unknown): string[] | undefined =>
  Array.isArray(value) && value.every((one) => typeof one === "string") ? value : undefined;

/** A mapping of words; numbers and booleans are words there too. */
export const wordsOf = (value: unknown): Record<string, string> =>
  isObject(value)
    ? Object.fromEntries(
        Object.entries(value).flatMap(([key, word]) =>
          ["string", "number", "boolean"].includes(typeof word) ? [[key, String(word)]] : [],
        ),
      )
    : {};

const streamable = new Set(["http", "streamable-http", "streamableHttp", "streamable_http", "streamable", "remote"]);

/** Settings that mean nothing here, and that nobody misses. */
const silent = new Set(
  "name type transport description command args cmd env envs environment env_keys env_vars cwd url uri serverUrl httpUrl headers http_headers env_http_headers bearer_token_env_var requestOptions apiKey disabled enabled active trust timeout autoApprove alwaysAllow includeTools excludeTools enabled_tools disabled_tools disabledTools tools title icon gallery version dev bundled display_name available_tools startup_timeout_sec tool_timeout_sec startup_timeout_ms initTimeout requiresOAuth".split(
    " ",
  ),
);

/**
 * The shape that most clients write, in all its spellings: `command` as a word or a list, `url`, `httpUrl`, `serverUrl`, `uri`, or all of it
 * within `transport`.
 */
export function entryOf(name: string, given: unknown): Entry {
  if (!isObject(given))
    return { name, args: [], env: {}, headers: {}, lost: [], unfit: "it is no mapping of settings" };
  // Cline's of 2026.
  const { transport: nested, ...outer } = given;
  const all = isObject(nested) ? { ...outer, ...nested } : given;
  const { command, args, env } = lineOf(all);
  const url = ["url", "httpUrl", "serverUrl", "uri"].map((key) => textOf(all[key])).find((one) => one !== undefined);
  const type = textOf(all["type"]) ?? textOf(all["transport"]);
  return {
    name,
    description: textOf(all["description"]),
    command,
    args,
    cwd: textOf(all["cwd"]),
    url,
    transport: url === undefined ? undefined : transportOf(type, url, all),
    env: { ...wordsOf(all["env"]), ...wordsOf(all["envs"]), ...wordsOf(all["environment"]), ...env },
    headers: url === undefined ? {} : headersOf(all),
    allow: chosen(all["includeTools"] ?? all["enabled_tools"] ?? all["tools"] ?? all["available_tools"]),
    deny: chosen(all["excludeTools"] ?? all["disabled_tools"] ?? all["disabledTools"]),
    unfit: unfitOf(all, type, command, url),
    lost: Object.keys(all)
      .filter((key) => !silent.has(key))
      .slice(0, 8),
  };
}

/** A program and its words: apart, as one list, or (Zed's) as a mapping of their own. */
function lineOf(all: Record<string, unknown>): Pick<Entry, "command" | "args" | "env"> {
  const line = isObject(all["command"]) ? all["command"] : {};
  const whole = textsOf(all["command"]) ?? textsOf(all["cmd"]);
  const command = whole?.[0] ?? textOf(line["path"]) ?? textOf(all["command"]) ?? textOf(all["cmd"]);
  const args = textsOf(line["args"]) ?? textsOf(all["args"]) ?? [];
  return { command, args: [...(whole?.slice(1) ?? []), ...args], env: wordsOf(line["env"]) };
}

/** Where nothing is said, an address that ends in `/sse` is one of the older transport. */
function transportOf(type: string | undefined, url: string, all: Record<string, unknown>): "http" | "sse" {
  if (type === "sse") return "sse";
  if ((type !== undefined && streamable.has(type)) || all["httpUrl"] !== undefined) return "http";
  return /\/sse\/?$/.test(url) ? "sse" : "http";
}

/** Continue keeps them among the options of requests, and knows a token by itself. */
function headersOf(all: Record<string, unknown>): Record<string, string> {
  const options = isObject(all["requestOptions"]) ? all["requestOptions"]["headers"] : {};
  const token = textOf(all["apiKey"]);
  return {
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...wordsOf(all["headers"]),
    ...wordsOf(options),
  };
}

/** `["*"]`, and nothing at all, is every tool. */
function chosen(value: unknown): string[] | undefined {
  const names = textsOf(value);
  return names === undefined || names.length === 0 || names.includes("*") ? undefined : names;
}

function unfitOf(all: Record<string, unknown>, type: string | undefined, command?: string, url?: string) {
  if (all["disabled"] === true || all["enabled"] === false || all["active"] === false)
    return "it is switched off there";
  if (
    type !== undefined &&
    ["ws", "websocket", "openapi", "builtin", "platform", "frontend", "inline_python"].includes(type)
  )
    return `mcpctl knows no servers of type ${type}`;
  return command === undefined && url === undefined ? "it has neither a command nor an address" : undefined;
}
