import { expect, test } from "bun:test";
import fc from "fast-check";
import { digits, excessIn, keysIn, Outlining, outlineOf } from "../../src/mcp/outline.ts";
import { eachMember, hasTwins, memberOf } from "../../src/mcp/spans.ts";

const unbounded = { depth: 1_000, elements: 1_000_000 };
const outlined = (text: string) => {
  const outline = outlineOf(text, unbounded);
  if (typeof outline === "string") throw new Error(outline);
  return outline;
};

/** The same judgement, character by character. */
function excessOf(text: string, { depth, elements }: { depth: number; elements: number }, mostKeys: number) {
  let [open, commas, colons, run, isInString] = [0, 0, 0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (isInString) {
      if (char === "\\") i++;
      else isInString = char !== '"';
      continue;
    }
    run = /[0-9]/.test(char) ? run + 1 : 0;
    if (run > digits) return "digits";
    if (char === '"') isInString = true;
    if ("{[".includes(char) && ++open > depth) return "depth";
    if ("}]".includes(char)) open--;
    if ((char === "," && ++commas > elements) || (char === ":" && ++colons > mostKeys)) return "elements";
  }
  return undefined;
}

const piece = fc.oneof(
  fc.constantFrom(
    '"',
    "\\",
    '\\"',
    "\\\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "\n",
    "1",
    "a",
    '"a":',
    "\\u0061",
    "\u2028",
  ),
  fc.constantFrom("7".repeat(digits), "x".repeat(70), '\\"'.repeat(40), "y".repeat(5_000), '\\n\\"'.repeat(2_000)),
);
const noise = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));
const written = fc
  .tuple(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, " ", "\t"), noise)
  .map(([value, space, words]) => JSON.stringify({ value, words, last: [words] }, null, space));
/** JSON, what is nearly that, and what is none. */
const text = fc.oneof(
  written,
  noise,
  fc.tuple(written, fc.nat(), piece).map(([whole, where, wrong]) => {
    const at = where % (whole.length + 1);
    return whole.slice(0, at) + wrong + whole.slice(at + 1);
  }),
);

test("bounds are judged of any text as one character after the other would", () => {
  const bounds = fc.record({ depth: fc.constantFrom(2, 64), elements: fc.constantFrom(3, 1_000) });
  fc.assert(
    fc.property(text, bounds, fc.constantFrom(2, 500), (given, most, mostKeys) => {
      expect(excessIn(given, most, mostKeys)).toBe(excessOf(given, most, mostKeys) as never);
    }),
    { numRuns: 1_000 },
  );
});

test("read a few characters at a time, a text has the outline that it has when it is read at once", () => {
  const bounds = fc.record({ depth: fc.constantFrom(3, 64), elements: fc.constantFrom(5, 1_000) });
  const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 50_000 })), {
    minLength: 1,
    maxLength: 8,
  });
  const within = fc.constantFrom(undefined, "value", "a");
  fc.assert(
    fc.property(text, bounds, fc.constantFrom(3, 500), within, steps, (given, most, mostKeys, key, several) => {
      const outlining = new Outlining(given, most, mostKeys, key);
      for (let i = 0; !outlining.go(several[i % several.length]); i++) expect(i).toBeLessThan(given.length * 8 + 8);
      expect(outlining.outcome).toEqual(outlineOf(given, most, mostKeys, key));
    }),
    { numRuns: 1_000 },
  );
});

test("no step of a long text is much longer than it was to be", () => {
  const given = `{"a":"${'\\"'.repeat(2_000_000)}","b":[${'"short \\" one",'.repeat(200_000)}0]}`;
  const outlining = new Outlining(given, unbounded);
  let steps = 1;
  while (!outlining.go(100_000)) steps++;
  expect(steps).toBeGreaterThan(given.length / (100_000 + 32 * 1024));
  expect(outlining.outcome).toEqual(outlined(given));
});

test("of JSON the members are those that are measured one by one, and its keys those that a parser finds", () => {
  fc.assert(
    fc.property(written, (given) => {
      const { members, keys } = outlined(given);
      expect(members.all()).toEqual(eachMember(given));
      expect(keysIn(JSON.parse(given))).toBe(keys);
    }),
    { numRuns: 500 },
  );
});

test("a key twice, at any depth and in any spelling, is one that a parser has not", () => {
  const key = fc.constantFrom('"a"', '"b"', '"\\u0061"', '"__proto__"', '"1"', '""');
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom("1", '"a"', '"\\"a\\":"', "null", "[]", "{}"),
      fc
        .array(fc.tuple(key, tie("value")), { maxLength: 4 })
        .map((all) => `{${all.map((one) => one.join(" :")).join(",")}}`),
      fc.array(tie("value"), { maxLength: 3 }).map((all) => `[${all.join(", ")}]`),
    ),
  }));
  fc.assert(
    fc.property(value, (given) => {
      expect(keysIn(JSON.parse(given)) !== outlined(given).keys).toBe(hasTwins(given));
    }),
    { numRuns: 1_000 },
  );
});

test("of the object within, the members stand where they do in its own text, and it is the one that the first of its name holds", () => {
  const key = fc.constantFrom('"in"', '"\\u0069n"', '"x"');
  const value = fc.oneof(
    fc.constantFrom("{}", "{ }", "[]", '[{"a":1}]', "7", '"in"'),
    fc.array(fc.tuple(key, fc.constantFrom("1", '{"in":{"b":2}}', '[{},"x"]', '"y" ')), { maxLength: 3 }).map(object),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value), { maxLength: 4 }).map(object), (given) => {
      const outline = outlineOf(given, unbounded, 1_000, "in");
      if (typeof outline === "string") throw new Error(outline);
      const held = memberOf(given, "in");
      if (outline.inner !== undefined) expect(outline.inner.all()).toEqual(eachMember(held ?? "[]"));
      else
        expect(held?.startsWith("{") === true && given.indexOf(`"in" : ${held}`) >= 0 && !given.includes("\\")).toBe(
          false,
        );
    }),
    { numRuns: 2_000 },
  );
});

const object = (members: readonly (readonly [string, string])[]) =>
  `{${members.map(([key, value]) => ` ${key} : ${value}`).join(",")} }`;

test("a string of nothing but escapes is read in bites, and no bite ends it", () => {
  for (const unit of ['\\"', "\\n", "\\u0041", 'ab\\"']) {
    const given = `{"a":"${unit.repeat(1_500_000)}","b":1}`;
    const begun = performance.now();
    expect(outlined(given).bones).toBe('{"a":"","b":1}');
    expect(eachMember(given).at(-1)?.start).toBe(given.length - 2);
    expect(performance.now() - begun).toBeLessThan(1_000);
  }
});
