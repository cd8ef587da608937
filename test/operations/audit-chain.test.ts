import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { chained, checkChain, rowHash, sealed } from "../../src/operations/audit-chain.ts";
import { columnsOf } from "../../src/operations/audit-entry.ts";
import type { AuditRow, SignedPlace } from "../../src/storage/audit.ts";

const key = Buffer.alloc(32, 1);
const genesis: SignedPlace = { seq: 0, hash: "", at: 0, mac: "" };
const plain = (n: number): AuditRow =>
  columnsOf({ at: n, kind: "call", outcome: "ok", actor: { subject: `User:${n}` }, tool: "echo", durationMs: n });
const chainOf = (length: number) =>
  chained(
    genesis,
    Array.from({ length }, (_, i) => plain(i + 1)),
  );
const headAt = (rows: readonly AuditRow[], seq: number) => sealed("head", key, rows[seq - 1] ?? genesis, 1_000 + seq);

function verify(rows: readonly AuditRow[], heads: readonly SignedPlace[] = [], withKey?: Buffer, anchor = genesis) {
  const check = checkChain(anchor, heads, withKey);
  for (let i = 0; i < rows.length; i += 3) {
    const broken = check.take(rows.slice(i, i + 3));
    if (broken !== undefined) return broken;
  }
  return check.end();
}

const text = fc.oneof(fc.string({ unit: "binary", maxLength: 20 }), fc.constantFrom("", '","', "null", "1"));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const entry = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom("login" as const, "call" as const, "refused" as const),
  outcome: fc.constantFrom("ok" as const, "error" as const),
  actor: fc.record({ subject: text, user: maybe(text), tokenName: maybe(text), tokenSha: maybe(text) }),
  address: maybe(text),
  project: maybe(text),
  server: maybe(text),
  tool: maybe(text),
  action: maybe(text),
  resource: maybe(text),
  durationMs: maybe(fc.nat()),
  requestBytes: maybe(fc.nat()),
  detail: maybe(fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })),
});
const chain = fc.array(entry, { minLength: 2, maxLength: 8 }).map((entries) =>
  chained(
    genesis,
    entries.map((one) => columnsOf(one)),
  ),
);
const columns = Object.keys(chainOf(1)[0] ?? {}) as (keyof AuditRow)[];

describe("a chain", () => {
  test("that nobody touched is intact", () => {
    fc.assert(fc.property(chain, (rows) => expect(verify(rows)).toBeUndefined()));
  });

  test("any change to any column of any row is found, and the first such row named", () => {
    const change = fc.tuple(chain, fc.nat(), fc.constantFrom(...columns), fc.oneof(text, fc.nat(), fc.constant(null)));
    fc.assert(
      fc.property(change, ([rows, at, column, value]) => {
        const index = at % rows.length;
        fc.pre(column !== "seq" && rows[index]?.[column] !== value);
        const tampered = rows.map((row, i) => (i === index ? { ...row, [column]: value } : row));
        expect(verify(tampered)?.seq).toBe(index + 1);
      }),
      { numRuns: 1_000 },
    );
  });

  test("a value that moves to the column beside it is another row", () => {
    const row = { ...plain(1), seq: 1 };
    const left = rowHash("", { ...row, project: "a", server: null });
    expect(rowHash("", { ...row, project: null, server: "a" })).not.toBe(left);
    expect(rowHash("", { ...row, project: 'a","b', server: null })).not.toBe(
      rowHash("", { ...row, project: "a", server: "b" }),
    );
  });

  test("a row taken out, put in, or put elsewhere", () => {
    const rows = chainOf(9);
    for (let at = 0; at < 8; at++) {
      expect(verify(rows.toSpliced(at, 1))).toEqual({
        seq: at + 1,
        reason: `it is missing: the next row is ${at + 2}`,
      });
      const [a, b] = [rows[at], rows[at + 1]];
      if (a === undefined || b === undefined) throw new Error("no such row");
      expect(verify(rows.with(at, { ...b, seq: a.seq }).with(at + 1, { ...a, seq: b.seq }))?.seq).toBe(at + 1);
      expect(verify(rows.toSpliced(at, 0, a))?.seq).toBe(at + 1);
    }
  });
});

describe("with the key", () => {
  const rows = chainOf(9);
  const heads = [headAt(rows, 1), headAt(rows, 6)];

  test("intact", () => expect(verify(rows, heads, key)).toBeUndefined());

  test("a chain that was changed and computed anew does not fit its head", () => {
    const forged = chained(
      genesis,
      rows.map((row, i) => ({ ...row, ...(i === 3 ? { tool: "x" } : {}) })),
    );
    expect(verify(forged)).toBeUndefined();
    expect(verify(forged, heads, key)).toEqual({
      seq: 2,
      reason: "the rows from here to 6 are not those that were signed",
    });
  });

  test("the end cut off", () => {
    expect(verify(rows.slice(0, 4), heads)).toEqual({ seq: 5, reason: "it is missing: a head was signed at row 6" });
  });

  test("heads that are forged, or all gone", () => {
    const mine = sealed("head", Buffer.alloc(32, 2), rows[5] ?? genesis, 5);
    expect(verify(rows, [headAt(rows, 1), mine], key)?.seq).toBe(6);
    expect(verify(rows, [headAt(rows, 1), { ...headAt(rows, 6), at: 7 }], key)?.seq).toBe(6);
    expect(verify(rows, [], key)?.reason).toContain("no head was ever signed");
  });

  test("the beginning cut off is retention's only where retention signed it", () => {
    const place = rows[2] ?? genesis;
    const left = rows.slice(3);
    expect(verify(left, heads, key, sealed("anchor", key, place, 9))).toBeUndefined();
    expect(verify(left, heads, key, { ...place, at: 9, mac: "" })?.seq).toBe(3);
    expect(verify(left, heads, key, sealed("head", key, place, 9))?.seq).toBe(3);
    expect(verify(left, heads)?.seq).toBe(1);
    expect(verify(rows.slice(1), heads, key, sealed("anchor", key, place, 9))?.reason).toContain(
      "before the beginning",
    );
  });
});
