import type { Op, Statement, Value } from "./op.ts";

/** So many rows go into one statement: what a statement costs by itself is half of what a row does. */
const together = 16;

/** An INSERT of one row, and of many. */
export type Insert = { one: Statement["parts"]; many: Statement["parts"] };

/** `into` names table and columns, of which there are so many. */
export function insertOf(into: string, columns: number, otherwise = ""): Insert {
  const row = `(${Array(columns).fill("?")})`;
  const text = (rows: number) => `INSERT INTO ${into} VALUES ${Array(rows).fill(row)} ${otherwise}`.split("?");
  return { one: text(1), many: text(together) };
}

/** `valuesOf` gives those of the rows from one to before another. */
export function* insertRows(
  { one, many }: Insert,
  rows: number,
  valuesOf: (from: number, to: number) => Value[],
): Op<void> {
  const inMany = rows - (rows % together);
  for (let from = 0; from < inMany; from += together) yield { parts: many, values: valuesOf(from, from + together) };
  for (let from = inMany; from < rows; from++) yield { parts: one, values: valuesOf(from, from + 1) };
}
