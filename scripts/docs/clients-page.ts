import type { ClientRow, Where } from "../../src/client/clients/client.ts";
import { clientRows } from "../../src/client/clients/index.ts";

const where: Where = { platform: "linux", home: "~", folder: ".", variables: {} };
const begin = "<!-- the table is made of src/client/clients: bun scripts/docs.ts -->";
const end = "<!-- end of the table -->";

/** `docs/clients.md` with the table of clients as the registry has it. */
export async function clientsPage(): Promise<string> {
  const text = await Bun.file("docs/clients.md").text();
  const [before, , after] = text.split(new RegExp(`(?<=${begin}\n)([^]*)(?=${end})`));
  if (before === undefined || after === undefined) throw new Error("docs/clients.md has no place for its table");
  const head =
    "| `mcpctl config …` | client | where its set-up lies (Linux) | the token | first requests of `--check` | mind |";
  return [before, head, "|---|---|---|---|---|---|", ...clientRows.map(rowOf), after]
    .join("\n")
    .replace(`${begin}\n\n`, `${begin}\n`);
}

function rowOf(row: ClientRow): string {
  const files = [...(row.file?.user?.(where) ?? []).slice(0, 1), ...(row.file?.project?.(where) ?? []).slice(0, 1)];
  const place = row.file === undefined ? row.belongs : files.map((file) => `\`${file}\``).join(", ");
  const reference = row.reference?.("MCPCTL_TOKEN");
  const token =
    row.transport === "bridge" ? "the bridge's" : reference === undefined ? "in it" : `\`${reference}\` or in it`;
  const steps = row.check.filter(({ judges }) => judges !== true).map(({ name }) => name);
  const judged = row.check.filter(({ judges }) => judges === true).map(({ name }) => name);
  const checks = [steps.join(", "), judged.join(", ")].filter((part) => part !== "").join("; ");
  return `| \`${row.id}\` | ${row.title} | ${place} | ${token} | ${checks} | ${row.about} |`;
}
