import { printable } from "../../lib/printable.ts";
import type { Env } from "../environment.ts";
import { wrapped } from "../wrap.ts";
import { type Colour, isColoured, painted } from "./colour.ts";

const gap = 3;
/** A narrower column is a ladder of words. */
const leastColumn = 24;

export type Row = readonly string[];

/**
 * Aligned columns, three blanks apart; cells are made harmless, states coloured on a terminal. Rows may come in parts: columns are as wide as
 * what has come so far needs, so that the first rows of a long list wait for no others.
 */
export function openTable(head: Row, env: Env) {
  let widths = head.map(() => 0);

  /** The lines of these rows; a row that is `head` stands in bold. */
  function lines(rows: readonly Row[], isHead = false): string[] {
    const cells = rows.map((row) => row.map((cell) => printable(cell)));
    widths = widths.map((width, i) => Math.max(width, ...cells.map((row) => Bun.stringWidth(row[i] ?? ""))));
    const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, width) => sum + width + gap, 0));
    return cells.flatMap((row) => laidOut(row, starts, isHead));
  }

  function laidOut(row: Row, starts: readonly number[], isHead: boolean): string[] {
    const columns = env.screen?.columns ?? Number.POSITIVE_INFINITY;
    const last = row.findLastIndex((cell) => cell !== "");
    const fits = (cell: string, i: number) => cell === "" || (starts[i] ?? 0) + Bun.stringWidth(cell) <= columns;
    const over = row.findIndex((cell, i) => i > 0 && !fits(cell, i));
    if (over < 0) return [lineOf(row, starts, isHead)];
    const before = row.slice(0, over);
    if (isHead) return [lineOf(before, starts, isHead)];
    const start = starts[over] ?? 0;
    // What does not fit goes on below its beginning, or under its row where there is no room for that.
    if (over === last && columns - start >= leastColumn) {
      const [first = "", ...others] = wrapped(row[over] ?? "", columns - start);
      return [lineOf([...before, first], starts, false), ...others.map((text) => " ".repeat(start) + text)];
    }
    const beneath = row.flatMap((cell, i) =>
      i < over || cell === "" ? [] : wrapped(`${head[i]}: ${cell}`, columns - 4),
    );
    return [lineOf(before, starts, false), ...beneath.map((text) => `    ${text}`)];
  }

  const lineOf = (row: Row, starts: readonly number[], isHead: boolean): string =>
    row
      .map((cell, i) => {
        const next = starts[i + 1];
        const room = i === row.length - 1 || next === undefined ? 0 : next - (starts[i] ?? 0) - Bun.stringWidth(cell);
        return coloured(cell, isHead, env) + " ".repeat(Math.max(0, room));
      })
      .join("")
      .trimEnd();

  return {
    /** The head above rows that are known already, so that it is as wide as they are. */
    begin: (rows: readonly Row[]): string[] => {
      widths = head.map((cell, i) =>
        Math.max(Bun.stringWidth(cell), ...rows.map((row) => Bun.stringWidth(printable(row[i] ?? "")))),
      );
      return [...lines([head], true), ...lines(rows)];
    },
    lines: (rows: readonly Row[]): string[] => lines(rows),
  };
}

/** A whole table at once. */
export const table = (head: Row, rows: readonly Row[], env: Env): string => openTable(head, env).begin(rows).join("\n");

const stateColours: Record<string, Colour> = {
  RUNNING: "green",
  STARTING: "yellow",
  STOPPING: "yellow",
  ERROR: "red",
  healthy: "green",
  degraded: "yellow",
  unhealthy: "red",
  active: "green",
  expired: "yellow",
  rotated: "yellow",
  revoked: "red",
  disabled: "yellow",
  refused: "yellow",
  error: "red",
};

function coloured(cell: string, isHead: boolean, env: Env): string {
  if (!isColoured(env)) return cell;
  // "RUNNING 2/3" is a state too.
  const word = cell.replace(/ \d+\/\d+$/, "");
  const colour = isHead ? "bold" : stateColours[word];
  return colour === undefined ? cell : painted(colour, cell);
}
