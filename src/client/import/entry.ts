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

const transports: Record<string, "http" | "sse"> = {
  http: "http",
  "streamable-http": "http",
  streamableHttp: "http",
  streamable_http: "http",
  streamable: "http",
  remote: "http",
  sse: "sse",
};

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
  const none = { name, args: [], env: {}, headers: {}, lost: [] };
  if (!isObject(given)) return { ...none, unfit: "it is no mapping of settings" };
  // Cline's of 2026.
  const { transport: nested, ...outer } = given;
  const all = isObject(nested) ? { ...outer, ...nested } : given;
  const whole = textsOf(all["command"]) ?? (isObject(all["command"]) ? undefined : textsOf(all["cmd"]));
  const spoken = isObject(all["command"]) ? all["command"] : undefined;
  const command = whole?.[0] ?? textOf(spoken?.["path"]) ?? textOf(all["command"]) ?? textOf(all["cmd"]);
  const url = ["url", "httpUrl", "serverUrl", "uri"].map((key) => textOf(all[key])).find((one) => one !== undefined);
  const type = textOf(all["type"]) ?? textOf(all["transport"]);
  const headers = {
    ...wordsOf(all["headers"]),
    ...wordsOf(isObject(all["requestOptions"]) ? all["requestOptions"]["headers"] : {}),
  };
  return {
    name,
    description: textOf(all["description"]),
    command,
    args: [...(whole?.slice(1) ?? []), ...(textsOf(spoken?.["args"]) ?? textsOf(all["args"]) ?? [])],
    cwd: textOf(all["cwd"]),
    url,
    // Where nothing is said, an address that ends so is one of the older transport.
    transport:
      url === undefined
        ? undefined
        : (transports[type ?? ""] ?? (/\/sse\/?$/.test(url) && all["httpUrl"] === undefined ? "sse" : "http")),
    env: {
      ...wordsOf(all["env"]),
      ...wordsOf(all["envs"]),
      ...wordsOf(all["environment"]),
      ...wordsOf(spoken?.["env"]),
    },
    headers:
      textOf(all["apiKey"]) === undefined || url === undefined
        ? headers
        : { Authorization: `Bearer ${all["apiKey"]}`, ...headers },
    allow: chosen(all["includeTools"] ?? all["enabled_tools"] ?? all["tools"] ?? all["available_tools"]),
    deny: chosen(all["excludeTools"] ?? all["disabled_tools"] ?? all["disabledTools"]),
    unfit: unfitOf(all, type, command, url),
    lost: Object.keys(all)
      .filter((key) => !silent.has(key))
      .slice(0, 8),
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
