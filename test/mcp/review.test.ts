import { describe, expect, test } from "bun:test";
import { contentHash } from "../../src/mcp/canonical.ts";
import type { Item } from "../../src/mcp/catalog/offer.ts";
import { findingsOf, reviewOf } from "../../src/mcp/catalog/review.ts";
import type { Pin } from "../../src/storage/pins.ts";

const pin = (tool: string, more: Partial<Pin> = {}): Pin => ({
  serverId: "s",
  fingerprint: "f",
  variant: "",
  tool,
  approvedHash: "a",
  readOnly: false,
  rejectedHash: null,
  changeHash: null,
  ...more,
});
const item = (key: string, hash: string, text = "{}"): Item => ({ key, text, hash });
const found = (pins: Pin[], items: Item[], isFirst = false) => {
  const findings = findingsOf(
    new Map(pins.map((one) => [one.tool, one])),
    new Map(items.map((one) => [one.key, one])),
    isFirst,
  );
  return Object.fromEntries(
    Object.entries(findings)
      .filter(([, list]) => list.length > 0)
      .map(([what, list]) => [
        what,
        (list as (string | Item | { item: Item; review: string })[]).map((one) =>
          typeof one === "string" ? one : "item" in one ? `${one.item.key} ${one.review}` : one.key,
        ),
      ]),
  );
};

describe("a definition", () => {
  const table: [string, Parameters<typeof reviewOf>[0], string][] = [
    ["new", undefined, "x"],
    ["approved", { approvedHash: "x", rejectedHash: null }, "x"],
    ["changed", { approvedHash: "y", rejectedHash: null }, "x"],
    ["rejected", { approvedHash: "y", rejectedHash: "x" }, "x"],
    ["changed", { approvedHash: "y", rejectedHash: "z" }, "x"],
    ["new", { approvedHash: null, rejectedHash: null }, "x"],
    ["rejected", { approvedHash: null, rejectedHash: "x" }, "x"],
    ["new", { approvedHash: null, rejectedHash: "z" }, "x"],
    ["changed", { approvedHash: "", rejectedHash: null }, "x"],
    ["approved", { approvedHash: "x", rejectedHash: "x" }, "x"],
  ];
  test.each(table)("is %s", (review, known, hash) => expect(reviewOf(known, hash)).toBe(review as "new"));
});

describe("a list", () => {
  test("that is the first is the baseline, all of it", () =>
    expect(found([], [item("one", "x"), item("two", "y")], true)).toEqual({ baseline: ["one", "two"] }));

  test("as before means nothing, whatever its order", () =>
    expect(found([pin("one"), pin("two")], [item("two", "a"), item("one", "a")])).toEqual({}));

  test("brings changes and new tools once", () => {
    expect(found([pin("one")], [item("one", "x"), item("two", "y")])).toEqual({ changed: ["one changed", "two new"] });
    expect(
      found(
        [pin("one", { changeHash: "x" }), pin("two", { approvedHash: null, changeHash: "y" })],
        [item("one", "x"), item("two", "y")],
      ),
    ).toEqual({});
    expect(found([pin("one", { changeHash: "x", rejectedHash: "x" })], [item("one", "z")])).toEqual({
      changed: ["one changed"],
    });
    expect(found([pin("one", { changeHash: "z", rejectedHash: "x" })], [item("one", "x")])).toEqual({
      changed: ["one rejected"],
    });
  });

  test("without a tool tells of it once; what was never approved is forgotten, what was rejected is not", () => {
    expect(found([pin("one")], [])).toEqual({ removed: ["one"] });
    expect(found([pin("one", { changeHash: "" })], [])).toEqual({});
    expect(found([pin("one", { approvedHash: null, changeHash: "x" })], [])).toEqual({ forgotten: ["one"] });
    expect(found([pin("one", { approvedHash: null, changeHash: "x", rejectedHash: "x" })], [])).toEqual({});
  });

  test("that says again what is approved settles it", () => {
    expect(found([pin("one", { changeHash: "x" })], [item("one", "a")])).toEqual({ settled: ["one"] });
    expect(found([pin("one", { changeHash: "" })], [item("one", "a")])).toEqual({ settled: ["one"] });
  });

  test("after an upgrade is what had been approved, except that no tool takes its word back by it", () => {
    const readOnly = '{"name":"x","annotations":{"readOnlyHint":true}}';
    const old = (tool: string, isReadOnly: boolean) => pin(tool, { approvedHash: "", readOnly: isReadOnly });
    expect(
      found(
        [old("kept", true), old("liar", false), old("honest", false)],
        [item("kept", "x", readOnly), item("liar", "y", readOnly), item("honest", "z")],
        true,
      ),
    ).toEqual({ baseline: ["kept", "honest"], changed: ["liar changed"] });
  });

  test("of ours from before hashes were kept with it is hashed when it is looked at", () =>
    expect(found([pin("one", { approvedHash: contentHash('{"a":1}') })], [{ key: "one", text: '{ "a": 1 }' }])).toEqual(
      {},
    ));
});
