import { expect, test } from "bun:test";
import fc from "fast-check";
import { outlineOf } from "../../../src/mcp/outline.ts";
import { joined, memberIn, rewritten } from "../../../src/mcp/spans.ts";
import { skimmedLong } from "../../../src/mcp/upstream/incoming.ts";
import { longOutline } from "../../../src/mcp/upstream/long-message.ts";

const bounds = { depth: 50, elements: 10_000 };
const bit = fc.constantFrom("a", "ä", "😀", '\\"', "\\\\", "\\n", "\\u00e4", "\\u0041", " ", "{", ":", ",", "]");
const short = fc.array(bit, { maxLength: 30 }).map((bits) => `"${bits.join("")}"`);
const long = fc
  .tuple(fc.array(bit, { minLength: 1, maxLength: 9 }), fc.integer({ min: 400, max: 3_000 }))
  .map(([bits, times]) => `"${bits.join("").repeat(times)}"`);
const value = fc.oneof(
  { weight: 2, arbitrary: short },
  { weight: 3, arbitrary: long },
  { weight: 1, arbitrary: fc.constantFrom("1", "-0", "null", "[]", '{"a":[1,{"b":"c"}]}', "[ 1 , 2 ]") },
);
const key = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('"content"', '"_meta"', '"result"', '"x"') },
  { weight: 1, arbitrary: fc.oneof(long, short) },
);
const object = (inner: fc.Arbitrary<string>) =>
  fc
    .array(fc.tuple(key, inner), { maxLength: 5 })
    .map((members) => `{${members.map(([name, text]) => `${name} :${text}`).join(" ,")}}`);
const message = fc
  .tuple(object(value), fc.constantFrom("", '"id":1,', '"jsonrpc":"2.0", '), fc.boolean())
  .map(([result, before, isLast]) => `{${before}"result": ${result}${isLast ? "" : ',"more":"b"'}}`);

/** Cut anywhere, in the midst of escapes and surrogate pairs too. */
const cutAt = (text: string, places: readonly number[]): string[] => {
  const at = [0, ...places.map((place) => Math.floor(place * text.length)).toSorted((a, b) => a - b), text.length];
  return at.slice(1).map((to, n) => text.slice(at[n], to));
};
const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

test("a long text in pieces has the outline that it has as one", async () => {
  await fc.assert(
    fc.asyncProperty(message, places, async (text, where) => {
      const whole = outlineOf(text, bounds, bounds.elements, "result");
      const inPieces = await longOutline(cutAt(text, where), bounds);
      if (typeof whole === "string" || typeof inPieces === "string") throw new Error("within its bounds");
      expect(inPieces.members.all()).toEqual(whole.members.all());
      expect(inPieces.inner?.all()).toEqual(whole.inner?.all() as never);
      expect(inPieces.keys).toBe(whole.keys);
      expect(JSON.parse(inPieces.bones)).toEqual(JSON.parse(whole.bones));
    }),
    { numRuns: Number(process.env["RUNS"] ?? 300) },
  );
});

test("what is no JSON is none without its long strings either", async () => {
  const spoilt = fc.constantFrom('"', "\\", "\u0000", "\n", "\\x", "\\u12", "}", "");
  await fc.assert(
    fc.asyncProperty(message, places, spoilt, fc.nat(), async (text, where, wrong, n) => {
      const at = n % text.length;
      const given = text.slice(0, at) + wrong + text.slice(at + (n % 3));
      const inPieces = await longOutline(cutAt(given, where), bounds);
      if (typeof inPieces !== "string") expect(isJson(inPieces.bones)).toBe(isJson(given));
    }),
    { numRuns: Number(process.env["RUNS"] ?? 300) },
  );
});

test("what is rewritten in parts says what it would as one, and its parts are the whole", async () => {
  const changes = fc.constantFrom({ x: undefined }, { _meta: '{"a":1}' }, { content: undefined, x: "2" }, {});
  fc.assert(
    fc.property(object(value), places, changes, (text, where, change) => {
      const outline = outlineOf(text, bounds);
      if (typeof outline === "string") throw new Error("within its bounds");
      const { members } = outline;
      const one = rewritten({ text, members }, change);
      const parts = cutAt(text, where);
      const other = rewritten({ text, members, parts }, change);
      expect(other.text).toBe(one.text);
      expect(other.members.all()).toEqual(one.members.all());
      expect(joined(other.parts ?? [])).toBe(one.text);
      for (const name of ["x", "_meta"]) expect(memberIn(other, name)).toBe(memberIn(one, name));
    }),
    { numRuns: Number(process.env["RUNS"] ?? 300) },
  );
});

test("whose answer it is, or that it is none, is seen however its beginning and its end were cut", () => {
  const inBits = (text: string) => text.match(/.{1,3}/g) ?? [];
  const rest = `"result":{"text":"${"x".repeat(5_000)}"}`;
  expect(skimmedLong(inBits(`{"jsonrpc":"2.0","id":7,${rest}`))).toEqual({ id: 7 });
  expect(skimmedLong(inBits(`{${rest},"id":8,"jsonrpc":"2.0"}`))).toEqual({ id: 8 });
  const chatter = `{"jsonrpc":"2.0","method":"notifications/progress","params":{"message":"${"x".repeat(5_000)}"}}`;
  expect(skimmedLong(inBits(chatter))).toEqual({ method: "notifications/progress" });
});
