import { expect, test } from "bun:test";
import { requirements } from "../requirements.ts";
import { namesIn } from "./names.ts";

/** Whether a row may still be without a test. */
const allowMissing = false;

async function faultsIn(rows: readonly { id: string; test: string | undefined; todo?: string }[]): Promise<string[]> {
  const faults: string[] = [];
  const ids = new Set<string>();
  for (const { id, test: where, todo } of rows) {
    if (ids.has(id)) faults.push(`${id} stands twice`);
    ids.add(id);
    if (where === undefined) {
      if (todo === undefined) faults.push(`${id} has neither a test nor somebody to write it`);
      else if (!allowMissing) faults.push(`${id} has no test: ${todo}`);
      continue;
    }
    const [file = "", name = ""] = where.split(" › ");
    if (!(await namesIn(file)).has(name)) faults.push(`${id}: ${file} has no test "${name}"`);
  }
  return faults;
}

test("each requirement of the two transports has its test", async () => {
  expect(await faultsIn(requirements)).toEqual([]);
  expect(requirements.length).toBeGreaterThan(70);
});

test("a test that is not there, a row twice and a row without either are seen", async () => {
  const good = {
    id: "a",
    test: "test/house/requirements.test.ts › each requirement of the two transports has its test",
  };
  expect(await faultsIn([good])).toEqual([]);
  for (const bad of [
    good,
    { id: "b", test: "test/x.test.ts › y" },
    { ...good, id: "c", test: `${good.test}!` },
    { id: "d", test: undefined },
  ])
    expect(await faultsIn([good, bad])).toHaveLength(1);
});
