import type { Absent, Cell, Fault } from "./faults.ts";
import { transportNames } from "./transports.ts";

const began = "<!-- cells: written by `UPDATE=1 bun test test/house/faults.test.ts` -->";

/** The page with its table written anew. @throws when it has no place for one */
export function withTable(page: string, faults: readonly Fault[]): string {
  const at = page.indexOf(began);
  if (at < 0) throw new Error("the page has no place for the table");
  return `${page.slice(0, at)}${began}\n\n${table(faults)}`;
}

function table(faults: readonly Fault[]): string {
  const rows = faults.map(
    ({ name, cells: { stdio, http, sse } }) => `| ${[name, stdio, http, sse].map(shown).join(" | ")} |`,
  );
  const cells = faults.flatMap((fault) => transportNames.map((transport) => fault.cells[transport]));
  const there = cells.filter((cell): cell is Cell => !("absent" in cell));
  const open = there.filter((cell) => cell.open !== undefined);
  const count = `${faults.length} faults, ${there.length} cells, ${cells.length - there.length} that cannot be; ${open.length} open.`;
  return [
    "| fault | stdio, container | Streamable HTTP | HTTP with SSE |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    count,
    "",
  ].join("\n");
}

function shown(cell: string | Cell | Absent): string {
  if (typeof cell === "string") return cell;
  if ("absent" in cell) return `– *${cell.absent}*`;
  const form = cell.form === undefined ? "" : `*${cell.form}*: `;
  const open = cell.open === undefined ? "" : ` **open**: ${cell.open}`;
  return `${form}${got(cell)}${open}`;
}

function got({ gets }: Cell): string {
  if (gets === "answer") return "the answer";
  if (gets === "nothing") return "it did not stay to hear";
  return `${gets.code === undefined ? "" : `${gets.code} `}"${gets.error}"`;
}
