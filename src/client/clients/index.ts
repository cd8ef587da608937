import { didYouMean } from "../../lib/nearest.ts";
import { Problem } from "../../lib/problem.ts";
import { agents } from "./agents.ts";
import type { ClientRow } from "./client.ts";
import { commands } from "./commands.ts";
import { desktops } from "./desktops.ts";
import { frameworks } from "./frameworks.ts";
import { services } from "./services.ts";

/** Every client that can be set up, in the order in which they are listed. A client is one row in the file of its group. */
export const clientRows: readonly ClientRow[] = [...agents, ...desktops, ...services, ...frameworks, ...commands];

/** @throws Problem `invalid` with the nearest client */
export function clientRow(word: string): ClientRow {
  const wanted = word.toLowerCase();
  const row = clientRows.find(({ id, aliases = [] }) => id === wanted || aliases.includes(wanted));
  if (row !== undefined) return row;
  const known = clientRows.flatMap(({ id, aliases = [] }) => [id, ...aliases]);
  throw new Problem("invalid", `there is no client "${word}".${didYouMean(word, known)}`, {
    hint: "mcpctl config lists them",
  });
}
