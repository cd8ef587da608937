import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { escaped } from "../../src/lib/unseen.ts";
import { canonicalJson, contentHash } from "../../src/mcp/canonical.ts";
import { definitionDiff } from "../../src/mcp/catalog/definition-diff.ts";
import { hiddenIn } from "../../src/mcp/catalog/hidden.ts";

/** A tool with every member that the protocol knows, and one that it does not. */
const tool = {
  name: "transfer",
  title: "Transfer money",
  description: "Transfers an amount.\nAsks before it does.",
  inputSchema: {
    type: "object",
    properties: { amount: { type: "integer", maximum: 100, description: "In cents" }, to: { type: "string" } },
    required: ["amount", "to"],
  },
  outputSchema: { type: "object", properties: { id: { type: "string" } } },
  annotations: { readOnlyHint: false, destructiveHint: true, title: "T" },
  icons: [{ src: "https://example.com/icon.png", mimeType: "image/png", sizes: ["48x48"] }],
  execution: { taskSupport: "optional" },
  _meta: { "ui/resourceUri": "ui://transfer/view", "x.example/n": 7 },
  "x-unknown": { kept: [1, 2, 3] },
};
const text = JSON.stringify(tool);

/** The same value as other programs write it: keys in another order, blanks, escapes. */
type Dice = (most: number) => number;
function rewritten(value: unknown, dice: Dice): string {
  const blank = () => ["", " ", "\n\t", "  "][dice(3)] ?? "";
  const list = (parts: string[]) => parts.map((part) => `${blank()}${part}${blank()}`).join(",");
  if (Array.isArray(value)) return `[${list(value.map((one) => rewritten(one, dice)))}]`;
  if (typeof value === "string") return dice(3) === 0 ? escapes(value) : JSON.stringify(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  for (let i = entries.length - 1; i > 0; i--) {
    const j = dice(i);
    [entries[i], entries[j]] = [entries[j] as [string, unknown], entries[i] as [string, unknown]];
  }
  return `{${list(entries.map(([key, inner]) => `${rewritten(key, dice)}${blank()}:${blank()}${rewritten(inner, dice)}`))}}`;
}
const escapes = (value: string) =>
  `"${[...value]
    .flatMap((c) => c.split(""))
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("")}"`;

describe("one form of a definition", () => {
  test("10,000 other spellings of the same tool have its hash", () => {
    const hash = contentHash(text);
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(1_000_000)), (stream) => {
        const dice: Dice = (most) => Number(stream.next().value) % (most + 1);
        expect(contentHash(rewritten(tool, dice))).toBe(hash);
      }),
      { numRuns: 10_000 },
    );
  }, 60_000);

  test("any JSON has the form of any other spelling of it, and is still the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.infiniteStream(fc.nat(1_000_000)), (value, stream) => {
        const dice: Dice = (most) => Number(stream.next().value) % (most + 1);
        const plain = JSON.stringify(value);
        const once = canonicalJson(plain);
        expect(canonicalJson(rewritten(JSON.parse(plain), dice))).toBe(once);
        expect(canonicalJson(once)).toBe(once);
        expect(JSON.parse(once)).toEqual(JSON.parse(plain));
        expect(JSON.parse(canonicalJson(plain, "  "))).toEqual(JSON.parse(plain));
      }),
      { numRuns: 2_000 },
    );
  });

  test("every byte counts: whatever is changed, added or left out in any member is another hash, unless it is the same JSON", () => {
    const hash = contentHash(text);
    let seen = 0;
    for (let i = 0; i < text.length; i++) {
      for (const other of [
        text.slice(0, i) + String.fromCharCode(text.charCodeAt(i) ^ 1) + text.slice(i + 1),
        text.slice(0, i) + text.slice(i + 1),
      ]) {
        const isJson = (() => {
          try {
            JSON.parse(other);
            return true;
          } catch {
            return false;
          }
        })();
        if (!isJson) continue;
        seen++;
        expect([other, contentHash(other) === hash]).toEqual([other, false]);
      }
    }
    expect(seen).toBeGreaterThan(600);
    for (const name of Object.keys(tool)) {
      const { [name as keyof typeof tool]: _, ...without } = tool;
      expect([name, contentHash(JSON.stringify(without)) === hash]).toEqual([name, false]);
    }
  });

  test("texts that a parser would make the same, or two parsers different, are told apart", () => {
    const texts = [
      '{"a":9007199254740993}',
      '{"a":9007199254740992}',
      '{"a":1e400}',
      '{"a":2e400}',
      '{"a":null}',
      '{"a":-0}',
      '{"a":0}',
      '{"a":0.1}',
      '{"a":0.1000000000000000055}',
      '{"a":1,"a":2}',
      '{"a":2,"a":1}',
      '{"a":1}',
      '{"a":2}',
      '{"__proto__":{"x":1},"a":1}',
      '{"a":1,"b":{}}',
      '{"a":"1"}',
      '{"a":[1,2]}',
      '{"a":[2,1]}',
      '{"a":[[1],2]}',
      '{"a":"\\ud800"}',
      '{"a":"\\ud801"}',
      '{"a":"\ufffd"}',
      '{"A":1}',
      `{"a":${"[".repeat(200)}1${"]".repeat(200)}}`,
      `{"a":${"[".repeat(200)}2${"]".repeat(200)}}`,
      `{"a":${"[".repeat(201)}1${"]".repeat(201)}}`,
    ];
    expect(new Set(texts.map(contentHash)).size).toBe(texts.length);
  });

  test("keys are sorted by UTF-16 units, as RFC 8785 has it", () => {
    expect(canonicalJson('{"\u20ac":1,"\\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}')).toBe(
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
    );
  });

  test("what lies deeper than 64 is pinned as it is written, however much stack there is", () => {
    const nested = (depth: number, inner: string) => "[".repeat(depth) + inner + "]".repeat(depth);
    const pair = (depth: number) => [nested(depth, '{"a":1,"b":2}'), nested(depth, '{"b":2,"a":1}')].map(contentHash);
    const [near, far] = [pair(60), pair(80)];
    expect([near[0] === near[1], far[0] === far[1]]).toEqual([true, false]);
  });

  test("what is no JSON, too deep or huge is hashed in bounded time", () => {
    const started = performance.now();
    for (const odd of ["", "{", '{"a"', "[}", '{"a":]', "[".repeat(1_000_000), `{"a":"${"x".repeat(2_000_000)}"}`])
      expect(contentHash(odd)).toHaveLength(64);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe("what nobody sees", () => {
  const hidden: [string, string][] = [
    ["a tag", "U+E0041"],
    ["zero width space", "U+200B"],
    ["zero width joiner between letters", "U+200D"],
    ["right-to-left override", "U+202E"],
    ["isolate", "U+2066"],
    ["left-to-right mark", "U+200E"],
    ["soft hyphen", "U+00AD"],
    ["byte order mark", "U+FEFF"],
    ["word joiner", "U+2060"],
    ["variation selector", "U+FE0F"],
    ["variation selector of the supplement", "U+E0100"],
    ["Hangul filler", "U+3164"],
    ["private use", "U+E000"],
    ["line separator", "U+2028"],
    ["blank of Braille", "U+2800"],
    ["escape", "U+001B"],
    ["backspace", "U+0008"],
    ["half a pair", "U+D800"],
  ];
  test.each(hidden)("%s is found in any string or key, and written out", (_, code) => {
    const character = String.fromCodePoint(Number.parseInt(code.slice(2), 16));
    const places = [
      { description: `a${character}b` },
      { inputSchema: { properties: { [`a${character}`]: {} } } },
      { icons: [{ src: character }] },
    ];
    for (const place of places) expect(hiddenIn(JSON.stringify(place))).toEqual([code]);
    expect(escaped(`a${character}b`)).toBe(`a\\u{${code.slice(2)}}b`);
    const [head, line = ""] = definitionDiff('{"description":"ab"}', JSON.stringify({ description: `a${character}b` }))
      .slice(0, 3)
      .filter((one) => !one.includes("- ab"));
    expect([head, line.trim()]).toEqual(["description:", `+ a\\u{${code.slice(2)}}b`]);
  });

  test("what is seen is left in peace: letters of all scripts, accents, emoji of several parts, line breaks", () => {
    for (const plain of [
      "Zażółć gęślą jaźń",
      "नमस्ते",
      "日本語",
      "e\u0301",
      "⚠️ careful",
      "👩‍👩‍👧 family 👍🏽",
      "line\nline\ttab\r\n",
      "a b",
    ])
      expect([plain, hiddenIn(JSON.stringify({ description: plain }))]).toEqual([plain, []]);
  });
});

describe("a diff for people", () => {
  const changed = (change: object) => definitionDiff(text, JSON.stringify({ ...tool, ...change }));

  test("field by field, with the lines that went and came", () => {
    expect(changed({ description: "Transfers an amount.\nDoes not ask." })).toEqual([
      "description:",
      "    Transfers an amount.",
      "  - Asks before it does.",
      "  + Does not ask.",
    ]);
    expect(changed({ annotations: { readOnlyHint: true, destructiveHint: true, title: "T" } })).toEqual([
      "annotations:",
      "    {",
      '      "destructiveHint": true,',
      '  -   "readOnlyHint": false,',
      '  +   "readOnlyHint": true,',
      '      "title": "T"',
      "    }",
    ]);
    expect(changed({ title: undefined, extra: 1 })).toEqual(["extra:", "  + 1", "title:", "  - Transfer money"]);
    expect(definitionDiff('{"n":9007199254740992}', '{"n":9007199254740993}')).toEqual([
      "n:",
      "  - 9007199254740992",
      "  + 9007199254740993",
    ]);
  });

  test("what only looks the same is shown as two", () => {
    expect(definitionDiff('{"title":"1"}', '{"title":1}')).toEqual(["title:", '  - "1"', "  + 1"]);
    expect(definitionDiff('{"title":"a\\\\u{200B}"}', '{"title":"a\u200b"}')).toEqual([
      "title:",
      "  - a\\u{200B}",
      "  + a\\u{200B}",
    ]);
  });

  test("another order of keys is no difference, a new tool is all of it, a text that is not kept says so", () => {
    expect(definitionDiff(text, canonicalJson(text, " "))).toEqual([]);
    expect(definitionDiff(null, '{"name":"a","description":"b"}')).toEqual(["name:", "  + a", "description:", "  + b"]);
    expect(definitionDiff(text, null)).toEqual(["The definition is too long to be shown."]);
  });

  test("whatever differs shows in it, and it takes no long time over huge ones", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()),
        fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()),
        (a, b) => {
          const [from, to] = [JSON.stringify(a), JSON.stringify(b)];
          expect(definitionDiff(from, to).length > 0).toBe(contentHash(from) !== contentHash(to));
        },
      ),
    );
    const lines = (word: string) =>
      JSON.stringify({ description: Array.from({ length: 16_000 }, (_, i) => `${word}${i % 7}`).join("\n") });
    const started = performance.now();
    definitionDiff(lines("a"), lines("b"));
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
