import { expect, test } from "bun:test";
import fc from "fast-check";
import { arranged, type Row, shelfOf, whoSees } from "../../../src/mcp/prompts/rows.ts";
import type { Place } from "../../../src/mcp/prompts/summaries.ts";

const names = ["a", "b", "c"];
const places: Place[] = names.map((name) => ({ id: `id-${name}`, name, fields: { servers: [] } }));

const row = fc.record({
  id: fc.uuid(),
  name: fc.constantFrom("style", "deploy", "tone", "zebra"),
  version: fc.nat(),
  project: fc.constantFrom(undefined, ...names, "gone", "id-a"),
  fields: fc.constant({ priority: 5, content: "x" }),
});
/** As the table has them: a name stands once in each project, and once outside of all. */
const rows = fc.uniqueArray(row, { selector: ({ name, project }) => `${project}/${name}`, maxLength: 24 });

test("no prompt of one project is ever on another's shelf, and an own one stands in the place of one of all", () => {
  fc.assert(
    fc.property(rows, (all: Row[]) => {
      const shelves = arranged(all);
      for (const { name } of places) {
        const shelf = shelfOf(shelves, name);
        const own = all.filter(({ project }) => project === name);
        const common = all.filter((one) => one.project === undefined && !own.some((other) => other.name === one.name));
        expect(shelf.map((one) => one.id).sort()).toEqual([...own, ...common].map((one) => one.id).sort());
        expect(shelf.map((one) => one.name)).toEqual(shelf.map((one) => one.name).sort());
      }
    }),
  );
});

test("who sees something else when rows change is told, and nobody else", () => {
  const change = fc.tuple(rows, fc.array(fc.nat({ max: 23 }), { maxLength: 3 }));
  const seenOf = (all: Row[], name: string) =>
    shelfOf(arranged(all), name)
      .map(({ id, version }) => `${id} ${version}`)
      .join();
  fc.assert(
    fc.property(change, ([all, which]) => {
      const picked = new Set(which);
      const after = all.flatMap((one, n) => (!picked.has(n) ? [one] : n % 2 === 0 ? [] : [{ ...one, version: -1 }]));
      const changed = all.filter((_, n) => picked.has(n));
      const told = whoSees(places, changed, arranged(all), arranged(after)).map(({ name }) => name);
      expect(told).toEqual(names.filter((name) => seenOf(all, name) !== seenOf(after, name)));
    }),
  );
});
