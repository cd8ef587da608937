import { printable } from "../../lib/printable.ts";
import { table } from "../output.ts";
import { indented, type Section } from "./section.ts";

type SubjectRights = {
  subject: string;
  refused?: string;
  rights: { right: string; from: string; via?: string; asleep?: string }[];
  hidden: number;
};

/** Every right that a subject has, and what gives it; of a token also which of them are asleep. */
export const subjectRights: Section = async ({ kind, item, client, env }) => {
  const answer = await client.json("GET", `/api/v1/${kind.plural}/${item.id}/rights`);
  const { subject, refused, rights, hidden } = answer as SubjectRights;
  const sleeps = rights.some(({ asleep }) => asleep !== undefined);
  const rows = rights.map(({ right, from, via = "", asleep = "" }) => [right, from, via, ...(sleeps ? [asleep] : [])]);
  const head = ["RIGHT", "FROM", "THROUGH", ...(sleeps ? ["ASLEEP"] : [])];
  const shown = rows.length > 0 ? table(head, rows, env).split("\n") : refused === undefined ? ["none"] : [];
  const why = rows.length === 0 ? "none" : "none of them counts now";
  return [
    `Rights of ${printable(subject)}:`,
    ...(refused === undefined ? [] : [`  ${why}: ${printable(refused)}`]),
    ...indented(shown),
    ...(hidden === 0 ? [] : [`  and ${hidden} more, from definitions that you may not view`]),
  ];
};
