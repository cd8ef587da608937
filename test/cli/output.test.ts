import { expect, test } from "bun:test";
import type { Env } from "../../src/cli/environment.ts";
import { table } from "../../src/cli/output.ts";

const shown = (columns: number | undefined, rows: string[][]): string[] => {
  const screen = columns === undefined ? undefined : { columns, rows: 24 };
  return table(["NAME", "STAGES", "FAULT"], rows, { screen, isTerminal: false, variables: {} } as unknown as Env).split(
    "\n",
  );
};
const why = "there is no such stage as this one; there are others";

test("what does not fit on a screen goes on below its beginning; a program gets one line a row", () => {
  expect(shown(undefined, [["a", "b", why]])).toEqual(["NAME   STAGES   FAULT", `a      b        ${why}`]);
  expect(
    shown(48, [
      ["a", "b", why],
      ["c", "d", ""],
    ]),
  ).toEqual([
    "NAME   STAGES   FAULT",
    "a      b        there is no such stage as this",
    "                one; there are others",
    "c      d",
  ]);
});

test("where the last column has no room it stands under its row, with its name", () => {
  expect(shown(38, [["a", "section-split,paginate", why]])).toEqual([
    "NAME   STAGES                   FAULT",
    "a      section-split,paginate",
    "    FAULT: there is no such stage as",
    "    this one; there are others",
  ]);
  expect(shown(34, [["a", "section-split,paginate", why]])[0]).toBe("NAME   STAGES");
});
