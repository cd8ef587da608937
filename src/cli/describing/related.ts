import { printable } from "../../lib/printable.ts";
import { eventCells } from "../audit-table.ts";
import { humane, table } from "../output.ts";
import { type Related, type Section, titled } from "./section.ts";

/** Sections that every kind has: what hangs together with it, who may touch it, what was done to it. */

export const uses: Section = ({ about }) => titled("Uses", (about?.uses ?? []).map(named));

export const usedBy: Section = ({ about }) => {
  const { usedBy: users = [], moreUsers = 0 } = about ?? {};
  return titled("Used by", [...users.map(named), ...(moreUsers === 0 ? [] : [`and ${moreUsers} more`])]);
};

const named = ({ kind, name, project }: Related): string =>
  printable(`${kind} ${name}${project === undefined ? "" : `, in project ${project}`}`);

export const whoMay: Section = ({ about, env }) => {
  const { rights = [], hiddenRights = 0 } = about ?? {};
  const rows = rights.map(({ subject, right, from }) => [subject, right, from]);
  const hidden =
    hiddenRights === 0 ? [] : [`and who has rights by ${counted(hiddenRights, "definition")} that you may not view`];
  const shown = rows.length === 0 ? [] : table(["SUBJECT", "RIGHT", "FROM"], rows, env).split("\n");
  return titled("Who may", [...shown, ...hidden]);
};

export const events: Section = ({ about, env, kind, item }) => {
  const rows = (about?.events ?? []).map((event) => {
    const [at = "", , , who = "", , , , , detail = ""] = eventCells(event);
    const when = env.isTerminal ? humane(event.at, env.now()) : at;
    return [when, String(event["action"] ?? event["kind"]), who, detail];
  });
  if (rows.length === 0) return [];
  return titled("Events", [
    ...table(["TIME", "WHAT", "WHO", "DETAIL"], rows, env).split("\n"),
    ...(rows.length < fullPage ? [] : [`more: mcpctl audit events --resource ${kind.plural}/${item.name}`]),
  ]);
};

/** So many the API gives; there may be more. */
const fullPage = 5;

const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;
