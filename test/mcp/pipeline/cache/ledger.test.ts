import { expect, test } from "bun:test";
import fc from "fast-check";
import { createLedger, heldAs } from "../../../../src/mcp/pipeline/cache/ledger.ts";

const entry = (project: string, caller: string, file: string, bytes: number, used: number) =>
  heldAs({ project, caller, file }, bytes, used, Number.POSITIVE_INFINITY);

test("whoever holds more than half pays first: a project, and in it a caller", () => {
  const ledger = createLedger({ bytes: 100, entries: 1_000 });
  ledger.add(entry("small", "a", "s1", 10, 1));
  ledger.add(entry("big", "quiet", "q1", 10, 2));
  const gone: string[] = [];
  for (let n = 0; n < 50; n++)
    gone.push(...ledger.add(entry("big", "loud", `l${n}`, 10, 10 + n)).map(({ name }) => name));
  expect(gone).toHaveLength(42);
  expect(gone.every((name) => name.startsWith("l"))).toBe(true);
  expect(ledger.of("small").entries).toBe(1);
});

test("when nobody holds more than half, what was not asked for longest goes", () => {
  const ledger = createLedger({ bytes: 40, entries: 1_000 });
  for (const [n, project] of ["a", "b", "c", "d"].entries()) ledger.add(entry(project, "x", project, 10, n));
  ledger.touch("a", 9);
  expect(ledger.add(entry("e", "x", "e", 10, 10)).map(({ name }) => name)).toEqual(["b"]);
});

const step = fc.record({
  project: fc.constantFrom("p", "q", "r"),
  caller: fc.constantFrom("a", "b"),
  file: fc.nat(30),
  bytes: fc.integer({ min: 1, max: 40 }),
  what: fc.constantFrom("add", "add", "add", "touch", "remove"),
});

test("whatever happens its sums are right, it is within both bounds, and a project within half of them loses nothing to one that is not", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const most = { bytes: 200, entries: 12 };
      const ledger = createLedger(most);
      for (const [now, { project, caller, file, bytes, what }] of steps.entries()) {
        const name = `${project}${caller}${file}`;
        const before = new Map(["p", "q", "r"].map((each) => [each, ledger.of(each)]));
        if (what === "touch") ledger.touch(name, now);
        else if (what === "remove") ledger.remove(name);
        else {
          const gone = ledger.add(entry(project, caller, name, bytes, now));
          const isGreedy = (each: string) => {
            const size = before.get(each) ?? { bytes: 0, entries: 0 };
            return size.bytes > most.bytes / 2 + 40 && size.entries > most.entries / 2 + 1;
          };
          const greedy = ["p", "q", "r"].find(isGreedy);
          if (greedy !== undefined && gone.length === 1) expect(gone[0]?.project).toBe(greedy);
        }
        const all = ledger.all();
        const bytesOf = (list: typeof all) => list.reduce((sum, held) => sum + held.bytes, 0);
        expect(ledger.total()).toEqual({ entries: all.length, bytes: bytesOf(all) });
        for (const each of ["p", "q", "r"]) {
          const own = ledger.all(each);
          expect(ledger.of(each)).toEqual({ entries: own.length, bytes: bytesOf(own) });
        }
        expect(all.length <= most.entries && bytesOf(all) <= most.bytes).toBe(true);
      }
    }),
  );
});
