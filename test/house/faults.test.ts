import { expect, test } from "bun:test";
import { type Fault, faults } from "../faults/faults.ts";
import { withTable } from "../faults/page.ts";
import { transportNames } from "../faults/transports.ts";

const page = "docs/faults.md";

test("docs/faults.md shows the table as it is", async () => {
  const text = await Bun.file(page).text();
  const fresh = withTable(text, faults);
  if (process.env["UPDATE"] !== undefined) await Bun.write(page, fresh);
  else expect(text).toBe(fresh);
});

test("each fault stands there once, and there are enough of them", () => {
  expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
  const cells = faults.flatMap((fault: Fault) => transportNames.filter((name) => !("absent" in fault.cells[name])));
  expect(cells.length).toBeGreaterThanOrEqual(160);
});

test("a cell that changed is seen", () => {
  const text = withTable("<!-- cells: written by `UPDATE=1 bun test test/house/faults.test.ts` -->", faults);
  const [first, ...others] = faults;
  if (first === undefined) throw new Error("there are no faults");
  const changed = { ...first, cells: { ...first.cells, http: { gets: "answer" as const, seen: false } } };
  expect(withTable(text, [changed, ...others])).not.toBe(text);
});
