import { expect, test } from "bun:test";
import fc from "fast-check";
import { digits, excessIn, outlineOf } from "../../src/mcp/outline.ts";
import { eachMember, elementsOf, hasTwins, memberOf, membersOf, rewritten, withMembers } from "../../src/mcp/spans.ts";

const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }));
const spaced = (value: unknown, space: string | undefined) => JSON.stringify(value, null, space);

test("members and elements cut any JSON where a parser would", () => {
  fc.assert(
    fc.property(object, fc.constantFrom(undefined, "  ", "\t"), (value, space) => {
      const text = spaced(value, space);
      const cut = membersOf(text)
        .all()
        .map(({ key, start, end }) => [key, JSON.parse(text.slice(start, end))]);
      expect(cut).toEqual(Object.entries(JSON.parse(text) as object));
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 3 })), fc.constantFrom(undefined, " "), (value, space) => {
      const text = spaced(value, space);
      expect(elementsOf(text).map(({ start, end }) => JSON.parse(text.slice(start, end)))).toEqual(JSON.parse(text));
    }),
  );
});

test("a string ends at its own quote, however many are escaped in it and however far apart they stand", () => {
  const pieces = fc.constantFrom('"', "\\", '\\"', "\\\\", "a", "\n", "é", " ".repeat(23), "b".repeat(40));
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), fc.array(pieces, { maxLength: 30 }), (one, other) => {
      const text = JSON.stringify([one.join(""), other.join("")]);
      expect(elementsOf(text).map(({ start, end }) => JSON.parse(text.slice(start, end)))).toEqual(JSON.parse(text));
    }),
    { numRuns: 500 },
  );
  for (const cut of ['["', '["a\\', '["\\"', '["\\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\\'])
    expect(elementsOf(cut)).toHaveLength(1);
});

test("replacing a member leaves every other one byte for byte", () => {
  const text = '{"a":9007199254740993,"b":1e400, "n" : "x","c":-0,"d":"\\u0041","a":2}';
  expect(withMembers(text, { n: '"y"' })).toBe('{"a":9007199254740993,"b":1e400,"n":"y","c":-0,"d":"\\u0041","a":2}');
  expect(withMembers(text, { n: undefined, z: "1" })).toBe(
    '{"a":9007199254740993,"b":1e400,"c":-0,"d":"\\u0041","a":2,"z":1}',
  );
});

test("a replaced member stands there once: its twin would be what another reader takes", () => {
  expect(withMembers('{"n":1,"a":2,"\\u006e":3}', { n: '"y"' })).toBe('{"n":"y","a":2}');
  expect(withMembers('{"n":1,"a":2,"n":3}', { n: undefined })).toBe('{"a":2}');
  expect(withMembers("null", { n: "1" })).toBe('{"n":1}');
});

test("a key twice is seen at any depth, and only within one object", () => {
  for (const text of ['{"a":1,"a":2}', '[{"b":{"a":1, "\\u0061" :2}}]', '{"":1,"":2}'])
    expect([text, hasTwins(text)]).toEqual([text, true]);
  for (const text of ['{"a":{"a":"a"},"b":["a","a",{"a":1}],"A":1}', '{"a":"\\"a\\":1,","b":"a"}', '"a"'])
    expect([text, hasTwins(text)]).toEqual([text, false]);
});

test("replacing works for any object and any key", () => {
  fc.assert(
    fc.property(object, fc.string(), fc.jsonValue(), (value, key, other) => {
      fc.pre(key !== "__proto__" && !Object.hasOwn(value, "__proto__"));
      const text = withMembers(JSON.stringify(value), { [key]: JSON.stringify(other) });
      expect(JSON.parse(text)).toEqual({
        ...(JSON.parse(JSON.stringify(value)) as object),
        [key]: JSON.parse(JSON.stringify(other)),
      });
    }),
  );
});

test("bounds hold for depth and elements, and a bracket in a string is no bracket", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  const limits = { depth: 64, elements: 500 };
  expect(excessIn(nested(64), limits)).toBeUndefined();
  expect(excessIn(nested(65), limits)).toBe("depth");
  expect(excessIn(JSON.stringify("[".repeat(1000)), limits)).toBeUndefined();
  expect(excessIn(`[${"0,".repeat(500)}0]`, limits)).toBeUndefined();
  expect(excessIn(`[${"0,".repeat(501)}0]`, limits)).toBe("elements");
  expect(excessIn("1".repeat(digits), limits)).toBeUndefined();
  expect(excessIn(`[0.${"1".repeat(digits + 1)}]`, limits)).toBe("digits");
  expect(excessIn('{"a":1,"b":2}', limits, 2)).toBeUndefined();
  expect(excessIn('{"a":1,"b":2}', limits, 1)).toBe("elements");
});

const unbounded = { depth: 1_000, elements: 1_000_000 };
function bonesOf(text: string): string {
  const outline = outlineOf(text, unbounded);
  return typeof outline === "string" ? outline : outline.bones;
}

/** Long enough to be left out, and whatever may stand in one. */
const longString = fc
  .tuple(fc.constantFrom("", "\n", "\\", '"', "\\\\", "ä", "\u2028"), fc.constantFrom("", '"', "\\", "\ud800"))
  .map(([inner, last]) => `${"x".repeat(3_000)}${inner}${"y".repeat(3_000)}${last}`);

test("without its long strings a text is JSON exactly when it was, of the same structure", () => {
  const parsed = (text: string): unknown => {
    try {
      return JSON.parse(text, (_, value) => (typeof value === "string" && value.length > 4_000 ? "" : value));
    } catch {
      return "no JSON";
    }
  };
  const values = fc.array(fc.oneof(longString, fc.jsonValue({ maxDepth: 2 }), fc.record({ long: longString })));
  const damage = fc.constantFrom("", '"', "\\", "\\x", "\n", "\u0000", "{", "]", "\\u12");
  fc.assert(
    fc.property(values, damage, fc.nat({ max: 1_000_000 }), (value, wrong, where) => {
      const whole = JSON.stringify(value);
      const at = where % (whole.length + 1);
      const text = whole.slice(0, at) + wrong + whole.slice(at);
      expect(parsed(bonesOf(text))).toEqual(parsed(text));
    }),
  );
  expect(bonesOf(`{"a":"${"x".repeat(5_000)}","b":1}`)).toBe('{"a":"","b":1}');
  for (const wrong of ["\\x", "\n", "\u0000", "\\u12", "\\"])
    expect(parsed(bonesOf(`{"a":"${"x".repeat(5_000)}${wrong}"}`))).toBe("no JSON");
});

test("what is no JSON ends all the same, with places or with an error", () => {
  const ends = (text: string) => {
    for (const cut of [elementsOf, membersOf])
      try {
        cut(text);
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError);
      }
  };
  for (const text of ["[}", "[,}", "[1,}", '{"a":}', '{"a":]', '{"a"', "{,", "[", "{", "[[", '{"a":[}', "[tru,}"])
    ends(text);
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), fc.array(fc.constantFrom(...'[]{},:"\\1a ')), (noise, pieces) => {
      for (const text of [noise, pieces.join(""), `[${noise}`, `{${pieces.join("")}`]) ends(text);
    }),
    { numRuns: 2_000 },
  );
});

test("what is rewritten is measured as if it were read anew, and open but for its end", () => {
  const members = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "\\u0061"), fc.constantFrom("1", ' "x" ', "[ 2]")));
  const change = fc.option(fc.constantFrom("7", '{"y":1}'), { nil: undefined });
  const changes = fc.dictionary(fc.constantFrom("a", "b", "d"), change);
  fc.assert(
    fc.property(members, changes, (given, wanted) => {
      const text = `{${given.map(([key, value]) => `"${key}" :${value}`).join(" ,")}}`;
      const now = rewritten({ text, members: membersOf(text) }, wanted);
      expect(now.members).toEqual(membersOf(now.text));
      expect(now.open ?? now.text.slice(0, -1)).toBe(now.text.slice(0, -1));
      for (const [key, value] of Object.entries(wanted)) {
        expect(memberOf(now.text, key)).toBe(value as string);
        expect(now.members.all().filter((member) => member.key === key).length).toBe(value === undefined ? 0 : 1);
      }
      const kept = (of: string) =>
        eachMember(of).flatMap(({ key, start, end }) =>
          Object.hasOwn(wanted, key) ? [] : [[key, of.slice(start, end)]],
        );
      expect(kept(now.text)).toEqual(kept(text));
    }),
    { numRuns: 1_000 },
  );
});
