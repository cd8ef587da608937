import { expect, test } from "bun:test";
import fc from "fast-check";
import { isObjectText } from "../../src/mcp/well-formed.ts";

function inSteps(text: string): { isOne: boolean; steps: number } {
  const steps = isObjectText(text);
  for (let count = 0; ; count++) {
    const step = steps.next();
    if (step.done === true) return { isOne: step.value, steps: count };
  }
}

function atOnce(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

const kib = 1024;
const rows = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ n, by: ['a "word" {[,', null, 1.5], is: n % 2 === 0 }));
/** Longer than what is parsed at once. */
const long = JSON.stringify(rows(8 * kib));
const places = {
  nothing: "{}",
  list: `{"jsonrpc":"2.0","result":{"rows":${long}},"id":1}`,
  "list between others": `{"a":[1,${long},{"b":${long}},2]}`,
  "many members": JSON.stringify(Object.fromEntries(rows(8 * kib).map((row, n) => [`key ${n}`, row]))),
  deep: `{"a":${"[".repeat(50)}${long}${"]".repeat(50)}}`,
  "a long string": JSON.stringify({ text: '"quoted" {[,'.repeat(40 * kib) }),
  blanks: ` \r\n\t{"a" : [ ${`1 ,\n`.repeat(80 * kib)} 2 ] } \n`,
};

for (const [name, text] of Object.entries(places))
  test(`what is an object is one, in steps: ${name}`, () => {
    expect(atOnce(text)).toBe(true);
    const { isOne, steps } = inSteps(text);
    expect(isOne).toBe(true);
    expect(steps).toBeGreaterThanOrEqual(
      Math.floor(text.length / (2 * 128 * kib)) - (name === "a long string" ? 8 : 1),
    );
  });

test.each([
  `${long}`,
  `{"a":${long}`,
  `{"a":${long}}}`,
  `{"a":${long}]`,
  `{"a":${long.slice(0, -1)}}}`,
  `{"a":${long},}`,
  `{,"a":${long}}`,
  `{"a":[1${long}]}`,
  `{"a":[${long}1]}`,
  `{"a":[${long}.5]}`,
  `{"a":[${long}${long}]}`,
  `{"a":[${long},]}`,
  `{"a":[${long},,1]}`,
  `{"a":[,${long}]}`,
  `{"a":[${"1,".repeat(80 * kib)}]}`,
  `{"a":[${"1,".repeat(80 * kib)} ]}`,
  `{"a":[${" ".repeat(200 * kib)},1]}`,
  `{"a"${long}}`,
  `{${long}}`,
  `{${long}:1}`,
  `{"a":1 "b":${long}}`,
  `\u0001{"a":${long}}`,
  `{"a":${long}}\u0001`,
  `{"a":${long}}{}`,
  `{"a":"${"x".repeat(200 * kib)}`,
  "",
  "nothing",
])("what is none is none (%#)", (text) => {
  expect(atOnce(text)).toBe(false);
  expect(inSteps(text).isOne).toBe(false);
});

test("whatever is changed in one, it is told as the parser tells it", () => {
  const texts = Object.values(places).filter(({ length }) => length > 10);
  const characters = ["", ",", "[", "]", "{", "}", '"', ":", " ", "1", "\\", "\n", "e", ".", "-", "null", "\u0001"];
  const near = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1, 0.00001, 0.99999));
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      near,
      fc.nat(2),
      fc.constantFrom(...characters),
      (text, where, gone, put) => {
        const at = Math.floor(where * text.length);
        const changed = text.slice(0, at) + put + text.slice(at + gone);
        expect(inSteps(changed).isOne).toBe(atOnce(changed));
      },
    ),
    { numRuns: 300 },
  );
});
