import { encodeHeader } from "../../src/mcp/param-headers.ts";
import { metaKeys, mirroredParameter, modernVersion } from "../../src/mcp/protocol.ts";
import type { Dice } from "../rbac/properties/settings.ts";

/** What the world of the fuzzer offers, as its clients call it. */
const offered = {
  tools: ["up__echo", "up/echo", "up__danger"],
  prompts: ["up__greet"],
  uris: ["fixture://one", "fixture://two"],
};

const methods = ["tools/call", "tools/call", "tools/call", "prompts/get", "resources/read", "completion/complete"];
const others = ["ping", "tools/list", "initialize", "server/discover", "constructor", "__proto__", "toString", ""];
const blanks = ["", "", "", "", " ", "\n", "\t", "\r\n", "  \n ", "\r"];
/** Not blanks to JSON, though to somebody. */
const almostBlanks = ["\u00a0", "\ufeff", "\u2028", "\u000b", "\u000c", "\u0085", "\0", "/**/", "// x\n", "#\n"];
const numbers = [
  "0",
  "-0",
  "1e400",
  "-1e400",
  "1E-400",
  "9007199254740993",
  "1.0",
  "1e3",
  "0.1",
  "12345678901234567890",
];
const wrongNumbers = ["01", "+1", ".5", "5.", "0x10", "NaN", "Infinity", "1e", "--1", "1_000"];
const words = [
  "",
  "a",
  "danger",
  "up__danger",
  "\\u0000",
  "\\ud800",
  "\\udc00\\ud800",
  "\u{1f600}",
  "\u2028",
  '\\"',
  "\\\\",
];
const extraKeys = ["__proto__", "constructor", "prototype", "hasOwnProperty", "toJSON", "", "x", "\u0000", "then"];

/** A text of a client's, well-formed for the most part: the share that is refused for its syntax teaches nothing. */
export function messageFrom(dice: Dice): string {
  const text = oneOf(dice, [
    [12, () => request(dice)],
    [1, () => `[${Array.from({ length: dice.below(4) }, () => request(dice)).join(",")}]`],
    [
      1,
      () =>
        object(dice, [
          ["jsonrpc", '"2.0"'],
          ["id", id(dice)],
          [dice.pick(["result", "error"]), value(dice, 2)],
        ]),
    ],
    [1, () => value(dice, 3)],
  ]);
  return dice.once(5) ? damaged(dice, text) : text;
}

type Pair = [key: string, value: string];

function request(dice: Dice): string {
  const method = dice.once(8) ? dice.pick(others) : dice.pick(methods);
  const pairs: Pair[] = [["jsonrpc", dice.once(30) ? '"1.0"' : '"2.0"']];
  if (!dice.once(15)) pairs.push(["id", id(dice)]);
  pairs.push(["method", string(dice, method)]);
  if (!dice.once(20)) pairs.push(["params", params(dice, method)]);
  return object(dice, pairs);
}

const id = (dice: Dice): string =>
  oneOf(dice, [
    [6, () => String(dice.below(5))],
    [1, () => dice.pick(numbers)],
    [1, () => string(dice, dice.pick(["", "a", "1"]))],
    [1, () => value(dice, 1)],
  ]);

function params(dice: Dice, method: string): string {
  if (dice.once(25)) return value(dice, 2);
  const pairs: Pair[] = [];
  const name = dice.pick(method === "prompts/get" ? offered.prompts : offered.tools);
  const uri = dice.pick(offered.uris);
  if (method === "resources/read") pairs.push(["uri", string(dice, uri)]);
  else if (method === "completion/complete") {
    const prompt: Pair[] = [
      ["type", '"ref/prompt"'],
      ["name", string(dice, dice.pick(offered.prompts))],
    ];
    const resource: Pair[] = [
      ["type", '"ref/resource"'],
      ["uri", string(dice, uri)],
    ];
    pairs.push(["ref", object(dice, dice.once(2) ? prompt : resource)], ["argument", value(dice, 2)]);
  } else if (!dice.once(20)) pairs.push(["name", string(dice, name)]);
  if (!dice.once(4)) pairs.push(["arguments", dice.once(10) ? value(dice, 2) : object(dice, extras(dice, 4, 3))]);
  if (dice.once(2)) pairs.push(["_meta", dice.once(15) ? value(dice, 1) : meta(dice)]);
  if (dice.once(10)) pairs.push([dice.pick(["inputResponses", "requestState", "cursor", "task"]), value(dice, 1)]);
  return object(dice, pairs);
}

function meta(dice: Dice): string {
  const pairs: Pair[] = [];
  if (dice.once(2)) {
    pairs.push([metaKeys.protocolVersion, dice.once(12) ? string(dice, "2030-01-01") : JSON.stringify(modernVersion)]);
    if (!dice.once(12)) pairs.push([metaKeys.clientCapabilities, "{}"]);
    if (dice.once(3)) pairs.push([metaKeys.clientInfo, '{"name":"fuzz","version":"1"}']);
  }
  if (dice.once(2)) pairs.push(["progressToken", dice.pick(numbers)]);
  if (dice.once(3)) pairs.push(["traceparent", '"00-x"']);
  return object(dice, pairs);
}

/** An object's text: its members in any order and with any blanks, now and then one of them twice, misspelt or foreign. */
function object(dice: Dice, pairs: readonly Pair[]): string {
  const all: [string, string][] = pairs.map(([key, text]) => [string(dice, key), text]);
  if (dice.once(12)) all.push(...extras(dice, 1, 1).map(([key, text]): Pair => [string(dice, key), text]));
  const twin = dice.pick(pairs);
  if (twin !== undefined && dice.once(14))
    all.splice(dice.below(all.length + 1), 0, [
      string(dice, dice.once(2) ? misspelt(dice, twin[0]) : twin[0]),
      variant(dice, twin[1]),
    ]);
  if (dice.once(4)) all.sort(() => dice.below(3) - 1);
  const blank = () => (dice.once(400) ? dice.pick(almostBlanks) : dice.pick(blanks));
  return `{${blank()}${all.map(([key, text]) => `${key}${blank()}:${blank()}${text}${blank()}`).join(`,${blank()}`)}}`;
}

const extras = (dice: Dice, most: number, depth: number): Pair[] =>
  Array.from({ length: dice.below(most + 1) }, () => [
    dice.once(3) ? dice.pick(extraKeys) : `k${dice.below(1000)}`,
    value(dice, depth),
  ]);

/** The other value of a key that stands twice: what an attacker would have the second reader see. */
const variant = (dice: Dice, text: string): string =>
  dice.pick([text, '"up__danger"', '"tools/call"', '{"x":"danger"}', '"fixture://two"', "2", "null"]);

/** A key as somebody's reader would take for the same. */
function misspelt(dice: Dice, key: string): string {
  const at = dice.below(key.length);
  const letter = key[at] ?? "";
  const put = (other: string, taken = 1) => key.slice(0, at) + other + key.slice(at + taken);
  return dice.pick([
    key.toUpperCase(),
    put(letter.toUpperCase()),
    key.replace("s", "\u017f").replace("k", "\u212a"),
    key.replace("i", dice.pick(["\u0131", "\u0130"])),
    put(String.fromCharCode(letter.charCodeAt(0) + 0xfee0)),
    `${key}\0`,
    `${key}\0x`,
    put("_", 0),
    key.replaceAll("_", ""),
    put("\u200b", 0),
    `${key} `,
  ]);
}

/** A string's text; each character may be written as an escape. */
function string(dice: Dice, value: string): string {
  if (!dice.once(10)) return JSON.stringify(value);
  const hex = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const units = Array.from({ length: value.length }, (_, at) => value[at] ?? "");
  return `"${units.map((unit) => (unit < " " || '"\\'.includes(unit) || dice.once(3) ? hex(unit) : unit)).join("")}"`;
}

function value(dice: Dice, depth: number): string {
  if (depth === 0 || dice.once(2)) return scalar(dice);
  if (dice.once(2)) return object(dice, extras(dice, 3, depth - 1));
  return `[${Array.from({ length: dice.below(4) }, () => value(dice, depth - 1)).join(",")}]`;
}

const scalar = (dice: Dice): string =>
  oneOf(dice, [
    [6, () => dice.pick(numbers)],
    [6, () => `"${dice.pick(words)}${dice.pick(words)}"`],
    [3, () => dice.pick(["true", "false", "null"])],
    // A whole message within a message: cut at the line breaks it stands alone.
    [2, () => `\n{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"danger"}}\n`],
    [1, () => dice.pick([`${"[".repeat(70)}${"]".repeat(70)}`, `${'{"a":'.repeat(70)}1${"}".repeat(70)}`])],
    [1, () => dice.pick(dice.once(10) ? wrongNumbers : numbers)],
  ]);

/** Made what JSON is not, for the most part. */
function damaged(dice: Dice, text: string): string {
  const at = dice.below(text.length + 1);
  const other = dice.below(text.length + 1);
  return oneOf(dice, [
    [2, () => text.slice(0, at)],
    [2, () => text + dice.pick([...almostBlanks, "}", ",", text, "null", ";"])],
    [1, () => dice.pick(almostBlanks) + text],
    [2, () => text.slice(0, at) + text.slice(at + 1)],
    [2, () => text.slice(0, at) + dice.pick([...almostBlanks, '"', "\\", "{", "}", ",", ":"]) + text.slice(at)],
    [2, () => text.slice(0, Math.max(at, other)) + text.slice(Math.min(at, other))],
    [1, () => text.replaceAll('"', "'")],
    [1, () => text.replace("}", ",}")],
  ]);
}

/** Near the bounds and beyond: megabytes of one thing, which is where readers slow down. */
export function hugeFrom(dice: Dice): string {
  const size = dice.pick([60_000, 500_000, 4_000_000]);
  const filled = (one: string) => one.repeat(Math.floor(size / one.length));
  const inner = dice.pick([
    () => `"${filled("x")}"`,
    () => `"${filled('\\"')}"`,
    () => `"${filled("\\\\")}"`,
    () => `"${filled("\\u0041")}"`,
    () => `"${filled("\u2028")}"`,
    () => filled("7"),
    () => `0.${filled("1")}`,
    () => `${filled(" ")}1`,
    () => `${filled("\n")}1`,
    () => `[${filled("[],")}1]`,
    () => `{${Array.from({ length: Math.min(49_000, size / 8) }, (_, n) => `"k${n}":1`).join(",")}}`,
    () => `{"${filled("\u0344")}":1}`,
    () => filled("["),
    () => filled('{"a":'),
    () => `"${filled('"')}`,
  ])();
  const key = dice.pick(["arguments", "name", "uri", "_meta", "x"]);
  return dice.once(4) ? inner : `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"${key}":${inner}}}`;
}

/** The headers with which a modern client would send this; those of a legacy one when it is not modern or makes no sense. */
export function headersOf(text: string): Record<string, string> {
  try {
    const { method, params } = JSON.parse(text);
    if (typeof params._meta[metaKeys.protocolVersion] !== "string") return {};
    const name = Object.hasOwn(mirroredParameter, method) ? params[mirroredParameter[method] ?? ""] : undefined;
    const headers = { "mcp-protocol-version": modernVersion, "mcp-method": encodeHeader(String(method)) };
    return typeof name === "string" ? { ...headers, "mcp-name": encodeHeader(name) } : headers;
  } catch {
    return {};
  }
}

const oneOf = (dice: Dice, choices: readonly [weight: number, make: () => string][]): string => {
  let left = dice.below(choices.reduce((sum, [weight]) => sum + weight, 0));
  const chosen = choices.find(([weight]) => {
    left -= weight;
    return left < 0;
  });
  return chosen?.[1]() ?? "";
};
