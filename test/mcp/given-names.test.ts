import { expect, test } from "bun:test";
import fc from "fast-check";
import { clashesIn } from "../../src/mcp/catalog/clashes.ts";
import { giveNames, type NameStyle, type Owner, type Wish } from "../../src/mcp/catalog/given-names.ts";
import { atOnce } from "../at-once.ts";

const wish = (server: string, own: string, rename?: string): Wish => ({
  serverId: `id-${server}`,
  server,
  own,
  rename,
});
const shownIn = (wishes: Wish[], style: NameStyle, before: ReadonlyMap<string, Owner> = new Map()) => {
  const names = atOnce(giveNames(wishes, before, style));
  return { names: wishes.map((one) => names.shownOf(one)), given: names.given };
};

test("plain names are the tools' own, made valid; the second of two is shown with its server", () => {
  expect(shownIn([wish("a", "search"), wish("a", "repo.list"), wish("b", "search")], "plain").names).toEqual([
    "search",
    "repo_list_f51676bc",
    "b__search",
  ]);
});

test("a newcomer never takes a name over, not even of a tool that is gone; its owner gets it back", () => {
  const { given } = shownIn([wish("b", "search")], "plain");
  expect(shownIn([wish("a", "search"), wish("b", "search")], "plain", given).names).toEqual(["a__search", "search"]);
  expect(shownIn([wish("a", "search")], "plain", given).names).toEqual(["a__search"]);
  expect(shownIn([wish("b", "search")], "plain", given).names).toEqual(["search"]);
});

test("a chosen name comes first, whatever the order; one that is taken is not forced", () => {
  expect(shownIn([wish("a", "find"), wish("b", "search", "find")], "plain").names).toEqual(["a__find", "find"]);
  const { given } = shownIn([wish("a", "find")], "plain");
  expect(shownIn([wish("b", "search", "find")], "prefixed", given).names).toEqual(["b__search"]);
});

test("a server that renames its tools forever is shown no more of them at some point, and harms nobody else", () => {
  const before = new Map(Array.from({ length: 20_000 }, (_, n) => [`t${n}`, { serverId: "id-a", own: `t${n}` }]));
  expect(shownIn([wish("a", "t7"), wish("a", "new"), wish("b", "new")], "plain", before).names).toEqual([
    "t7",
    undefined,
    "new",
  ]);
});

const own = fc.oneof(
  fc.constantFrom(
    "search",
    "Search",
    "a__x",
    "b__x",
    "x",
    "a.b",
    "a_b",
    "",
    "9",
    "x".repeat(70),
    "lives__go_43adb013",
    "é",
  ),
  fc.string({ maxLength: 80 }),
);
const some: fc.Arbitrary<Wish> = fc
  .record({
    serverId: fc.constantFrom("id-a", "id-b", "id-9lives"),
    own,
    rename: fc.option(fc.constantFrom("search", "a__x", "x", "find"), { nil: undefined, freq: 4 }),
  })
  .map((parts) => ({ ...parts, server: parts.serverId.slice(3) }));
const step = fc.record({
  wishes: fc.uniqueArray(some, { maxLength: 12, selector: ({ serverId, own: tool }) => `${serverId}/${tool}` }),
  style: fc.constantFrom<NameStyle>("prefixed", "plain"),
});

test("whatever comes and goes in whatever order: each tool has a valid name of its own, and none ever leads elsewhere", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const ledTo = new Map<string, string>();
      let given: ReadonlyMap<string, Owner> = new Map();
      for (const { wishes, style } of steps) {
        const { names, given: next } = shownIn(wishes, style, given);
        expect(new Set(names).size).toBe(wishes.length);
        wishes.forEach(({ serverId, own: tool }, n) => {
          const name = names[n] ?? "";
          expect(name).toMatch(/^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/);
          expect(ledTo.get(name) ?? `${serverId}/${tool}`).toBe(`${serverId}/${tool}`);
          ledTo.set(name, `${serverId}/${tool}`);
        });
        for (const [name, owner] of given) expect(next.get(name)).toEqual(owner);
        // Asked again it is the same: what is stored is what is shown.
        expect(shownIn(wishes, style, next).names).toEqual(names);
        given = next;
      }
    }),
  );
});

test("what is refused when applied is what would not be shown as it was meant", () => {
  const of = (wishes: Wish[], style: NameStyle, given: Record<string, Owner> = {}) =>
    clashesIn(wishes, new Map(Object.entries(given)), style).map(
      ({ wish: { server, own: tool }, shown, with: other }) => [
        `${server}/${tool}`,
        shown,
        other === undefined ? undefined : `${other.server}/${other.own}`,
      ],
    );
  expect(of([wish("a", "search"), wish("b", "search")], "plain")).toEqual([["b/search", "search", "a/search"]]);
  expect(of([wish("a", "search"), wish("b", "search")], "prefixed")).toEqual([]);
  expect(of([wish("a", "search"), wish("b", "search", "find")], "plain")).toEqual([]);
  expect(of([wish("a", "find"), wish("b", "search", "find")], "plain")).toEqual([["b/search", "find", "a/find"]]);
  expect(of([wish("a", "x"), wish("b", "y", "a__x")], "prefixed")).toEqual([["b/y", "a__x", "a/x"]]);
  // A name of one that is gone: nobody may choose it, whoever comes by it is shown with its server.
  const gone = { find: { serverId: "id-c", own: "find" } };
  expect(of([wish("a", "search", "find")], "prefixed", gone)).toEqual([["a/search", "find", undefined]]);
  expect(of([wish("a", "find")], "plain", gone)).toEqual([]);
});
