import { metaKeys, modernVersion } from "../../src/mcp/protocol.ts";
import type { Dice } from "../rbac/properties/settings.ts";

/** A modern request, its body and its headers, and whether the two say the same. `how` tells what was done to them. */
export type Sent = { method: string; body: string; headers: [string, string][]; matches: boolean; how: string };

/** The tool whose arguments are mirrored, in each way that a schema may ask for it; its server is called `up`. */
export const mirroringName = "up__mirror";
export const mirroringTool = {
  name: "mirror",
  inputSchema: {
    type: "object",
    properties: {
      region: { type: "string", "x-mcp-header": "Region" },
      count: { type: "integer", "x-mcp-header": "Count" },
      flag: { type: "boolean", "x-mcp-header": "Flag" },
      inner: { type: "object", properties: { path: { type: "string", "x-mcp-header": "Inner-Path" } } },
      free: { type: "string" },
    },
  },
};

type Request = { method: string; params: Record<string, unknown>; version: string };

const texts = [
  ...[
    "up__echo",
    "up__echo",
    "up__echo",
    "up/echo",
    "a b",
    "",
    " padded ",
    "a,b",
    "a, a",
    "A",
    "a",
    "0",
    "true",
    "null",
    "file:///x?y=1#z",
    "x".repeat(300),
  ],
  ...[
    "grüße",
    "日本語",
    "\u{1f600}",
    "\u00a0x",
    "line\nbreak",
    "\t",
    "\0",
    "\ufeff",
    "=?base64?YQ==?=",
    "=?base64?",
    "?=",
  ],
  ...["=?base64?=", "=?BASE64?YQ==?=", "%20", "a\u0301", "á", "constructor", "__proto__"],
];

/** As the specification has it (2026-07-28, transports/streamable-http, "Value Encoding"), and once more here: what is tested decodes by itself. */
const isPlain = (value: string) =>
  /^[\x20-\x7e]*$/.test(value) && value === value.trim() && !(value.startsWith("=?base64?") && value.endsWith("?="));
const sentinel = (base64: string) => `=?base64?${base64}?=`;
const base64 = (value: string) => Buffer.from(value, "utf8").toString("base64");
const encoded = (dice: Dice, value: string) => (isPlain(value) && !dice.once(4) ? value : sentinel(base64(value)));

export function pairFrom(dice: Dice): Sent {
  const request = requestFrom(dice);
  const headers = mirrorsOf(dice, request);
  if (dice.once(2)) return sent(request, dressed(dice, headers), true, "as it should be");
  const change = dice.pick(changes);
  const changed = change.make(dice, structuredClone(request), structuredClone(headers));
  // What this change cannot be done to stays as it should be.
  return changed === undefined
    ? sent(request, dressed(dice, headers), true, "as it should be")
    : sent(changed.request ?? request, changed.headers ?? headers, false, change.how);
}

function requestFrom(dice: Dice): Request {
  const method = dice.pick([
    "tools/call",
    "tools/call",
    "tools/call",
    "prompts/get",
    "resources/read",
    "tools/list",
    "x",
  ]);
  const known = dice.once(2) ? mirroringName : "up__echo";
  const name = method === "tools/call" && !dice.once(3) ? known : dice.pick(texts);
  const params: Record<string, unknown> = {};
  if (method === "tools/call" || method === "prompts/get") params["name"] = name;
  if (method === "resources/read") params["uri"] = name;
  if (name === mirroringName) params["arguments"] = argumentsFrom(dice);
  return { method, params, version: modernVersion };
}

function argumentsFrom(dice: Dice): object {
  const maybe = (key: string, value: unknown) =>
    dice.once(3) ? (dice.once(2) ? {} : { [key]: null }) : { [key]: value };
  return {
    ...maybe("region", dice.pick(texts)),
    ...maybe("count", dice.pick([0, 1, -7, 42, 2 ** 53 - 1, -(2 ** 53 - 1)])),
    ...maybe("flag", dice.once(2)),
    ...maybe("inner", maybe("path", dice.pick(texts))),
    ...maybe("free", dice.pick(texts)),
  };
}

type Headers = [string, string][];

function mirrorsOf(dice: Dice, { method, params, version }: Request): Headers {
  const headers: Headers = [
    ["mcp-protocol-version", version],
    ["mcp-method", method],
  ];
  const name = params["name"] ?? params["uri"];
  if (typeof name === "string") headers.push(["mcp-name", encoded(dice, name)]);
  if (name !== mirroringName) return headers;
  const { region, count, flag, inner } = params["arguments"] as Record<string, unknown>;
  const path = (inner as { path?: unknown } | null | undefined)?.path;
  for (const [header, value] of Object.entries({ region, count, flag, "inner-path": path }))
    if (value !== undefined && value !== null) headers.push([`mcp-param-${header}`, encoded(dice, String(value))]);
  return headers;
}

/** The same headers in other clothes: names in any case, blanks around, integers with a point, strangers beside them. */
function dressed(dice: Dice, headers: Headers): Headers {
  const all: Headers = headers.map(([name, value]) => [
    dice.once(2) ? name : name.replace(/[a-z]/g, (letter) => (dice.once(2) ? letter.toUpperCase() : letter)),
    `${dice.pick(["", "", " ", "\t "])}${name === "mcp-param-count" && /^\d+$/.test(value) && dice.once(2) ? `${value}.0` : value}${dice.pick(["", "", " "])}`,
  ]);
  return dice.once(4) ? [...all, ["mcp-param-nobody-declared", "x"], ["mcp-session-id", "x"]] : all;
}

const sent = ({ method, params, version }: Request, headers: Headers, matches: boolean, how: string): Sent => {
  const _meta = { [metaKeys.protocolVersion]: version, [metaKeys.clientCapabilities]: {} };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } });
  return { method, body, headers, matches, how };
};

type Change = {
  how: string;
  /** Undefined when there is nothing to do it to. */
  make: (dice: Dice, request: Request, headers: Headers) => { request?: Request; headers?: Headers } | undefined;
};

/** Replaces one header's value by another that does not mean the same: the first, from anywhere on, to which that can be done. */
const value = (how: string, make: (dice: Dice, value: string, name: string) => string | undefined): Change => ({
  how,
  make(dice, _request, headers) {
    const from = dice.below(headers.length);
    for (const [step] of headers.entries()) {
      const at = (from + step) % headers.length;
      const [name, old] = headers[at] ?? ["", ""];
      const other = make(dice, old, name);
      if (other === undefined || other.replace(/^[ \t]+|[ \t]+$/g, "") === old) continue;
      headers[at] = [name, other];
      return { headers };
    }
    return undefined;
  },
});

const isEncoded = (text: string) => text.startsWith("=?base64?") && text.endsWith("?=") && text.length >= 11;
const inner = (text: string) => text.slice(9, -2);
const visible = ["x", "0", "-", "/", ",", "=", "?", "a"];

/** Every way in which headers come to differ from their body. */
export const changes: readonly Change[] = [
  {
    how: "one is missing",
    make(dice, _request, headers) {
      headers.splice(dice.below(headers.length), 1);
      return { headers };
    },
  },
  { how: "all are missing", make: () => ({ headers: [] }) },
  {
    how: "one is there twice",
    make(dice, _request, headers) {
      const twin = headers[dice.below(headers.length)];
      return twin === undefined ? undefined : { headers: [...headers, twin] };
    },
  },
  value("in another case", (_dice, text) => (text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase())),
  value("with a character more", (dice, text, name) => {
    const at = dice.below(text.length + 1);
    // A zero more at the end of `1.5` or before `7` would be another spelling of the same number.
    return name === "mcp-param-count" ? `${text}7` : text.slice(0, at) + dice.pick(visible) + text.slice(at);
  }),
  value("with a character less", (dice, text) => {
    const at = dice.below(text.length);
    return text.length === 0 ? undefined : text.slice(0, at) + text.slice(at + 1);
  }),
  value("another value", (dice, text) => {
    const other = encoded(dice, dice.pick(["other", "tools/list", "2025-11-25", "safe", "false", "1", "\u00fc"]));
    return isEncoded(text) || isEncoded(other) ? undefined : other;
  }),
  value("of numbers nobody else would read so", (_dice, text, name) =>
    name === "mcp-param-count" && /^\d+$/.test(text) ? `0${text}` : undefined,
  ),
  value("hexadecimal", (_dice, text, name) =>
    name === "mcp-param-count" && /^\d+$/.test(text) ? `0x${Number(text).toString(16)}` : undefined,
  ),
  value("as if it were a sentinel's text", (_dice, text) =>
    isPlain(text) && text !== "" ? sentinel(text) : undefined,
  ),
  value("encoded twice", (_dice, text) => (isEncoded(text) ? sentinel(base64(text)) : undefined)),
  value("a sentinel in capitals", (_dice, text) => (isEncoded(text) ? text.replace("base64", "BASE64") : undefined)),
  value("a sentinel without its end", (_dice, text) => (isEncoded(text) ? text.slice(0, -2) : undefined)),
  value("without its padding", (_dice, text) =>
    isEncoded(text) && text.includes("=?=") ? sentinel(inner(text).replace(/=+$/, "")) : undefined,
  ),
  value("with padding too much", (_dice, text) => (isEncoded(text) ? sentinel(`${inner(text)}=`) : undefined)),
  value("in the alphabet of URLs", (_dice, text) =>
    isEncoded(text) && /[+/]/.test(inner(text))
      ? sentinel(inner(text).replace(/\+/g, "-").replace(/\//g, "_"))
      : undefined,
  ),
  value("with a blank within", (dice, text) => {
    const at = 1 + dice.below(Math.max(1, inner(text).length - 1));
    return isEncoded(text) && inner(text).length > 2
      ? sentinel(`${inner(text).slice(0, at)} ${inner(text).slice(at)}`)
      : undefined;
  }),
  value("with bits that mean nothing", (_dice, text) => {
    const bits = /^(.*)([AQgw])==$/.exec(isEncoded(text) ? inner(text) : "");
    return bits === null
      ? undefined
      : sentinel(`${bits[1]}${String.fromCharCode((bits[2] ?? "A").charCodeAt(0) + 1)}==`);
  }),
  value("bytes that are not UTF-8", (dice) =>
    sentinel(Buffer.from(dice.pick([[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80]])).toString("base64")),
  ),
  value("with a blank that is none", (dice, text) => dice.pick([`\u00a0${text}`, `${text}\u00a0`])),
  value("as Latin-1", (_dice, text) =>
    isEncoded(text) && /^=\?base64\?Z3LDvMOfZQ==\?=$/.test(text) ? "gr\u00fc\u00dfe" : undefined,
  ),
  value("percent-encoded", (_dice, text) => {
    const plain = isEncoded(text) ? Buffer.from(inner(text), "base64").toString() : text;
    return encodeURIComponent(plain) === plain ? undefined : encodeURIComponent(plain);
  }),
  {
    how: "another name in the body",
    make(dice, request) {
      const key = "name" in request.params ? "name" : "uri";
      const old = request.params[key];
      if (typeof old !== "string") return undefined;
      request.params[key] = dice.pick([`${old}x`, old === "danger" ? "safe" : "danger", `${old} `, "\ud800"]);
      return { request };
    },
  },
  {
    how: "another method in the body",
    make: (_dice, request) => ({
      request: { ...request, method: request.method === "tools/call" ? "prompts/get" : "tools/call" },
    }),
  },
  {
    how: "another version in the body",
    make: (dice, request) => ({
      request: { ...request, version: dice.pick(["2025-11-25", "2030-01-01", "2026-07-28 ", ""]) },
    }),
  },
  {
    how: "another argument in the body",
    make(dice, request) {
      const args = request.params["arguments"] as Record<string, unknown> | undefined;
      if (args === undefined) return undefined;
      const changed = dice.pick([{ region: "elsewhere" }, { count: 43 }, { inner: { path: "/etc" } }]);
      return { request: { ...request, params: { ...request.params, arguments: { ...args, ...changed } } } };
    },
  },
  {
    how: "a header for an argument that is not there",
    make(_dice, request, headers) {
      const args = request.params["arguments"] as Record<string, unknown> | undefined;
      return args === undefined || (args["region"] ?? undefined) !== undefined
        ? undefined
        : { headers: [...headers, ["mcp-param-region", "x"]] };
    },
  },
];
