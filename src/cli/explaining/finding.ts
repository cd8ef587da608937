import { type Finding, findingOf, findings } from "../../client/validator/findings.ts";
import { requirements } from "../../client/validator/requirements.ts";
import type { Requirement } from "../../client/validator/row.ts";
import { probes } from "../../client/validator/suites.ts";
import { didYouMean } from "../../lib/nearest.ts";
import { Problem } from "../../lib/problem.ts";
import type { Env } from "../environment.ts";
import { formatOf, table } from "../output.ts";
import type { Args } from "../verb.ts";
import { fitted } from "../wrap.ts";

/** Tells what a finding of `test mcp` means, or a requirement that was not kept; without an id, which findings there are. @throws Problem `invalid` */
export function explain(id: string | undefined, args: Args, env: Env): void {
  const isJson = formatOf(args, ["table", "json"]) === "json";
  const one = id === undefined ? undefined : rowOf(id);
  if (isJson) env.out(JSON.stringify(one === undefined ? findings : dataOf(one), null, 2));
  else if (one === undefined) env.out(overview(env));
  else for (const line of "severity" in one ? linesOf(one) : told(one)) env.out(fitted(line, env.screen));
}

const overview = (env: Env): string => {
  const rows = findings.map(({ id, severity, title }) => [id, severity, title]);
  return table(["ID", "SEVERITY", "TITLE"], rows, env);
};

/** @throws Problem `invalid` */
function rowOf(id: string): Finding | Requirement {
  const row = findingOf(id) ?? requirements.find((one) => one.id === id.toUpperCase());
  if (row === undefined) throw unknownId(id);
  return row;
}

function unknownId(id: string): Problem {
  const ids = [...findings, ...requirements].map((one) => one.id);
  return new Problem("invalid", `there is no finding "${id}".${didYouMean(id.toUpperCase(), ids)}`, {
    hint: "mcpctl explain finding",
  });
}

function linesOf({ id, severity, title, explanation, remedy, reference }: Finding): string[] {
  const sends = probes.find((probe) => probe.id === id)?.sends ?? "";
  return [
    `${id} (${severity}): ${title}`,
    "",
    explanation,
    "",
    `Remedy:     ${remedy}`,
    `Tried with: ${sends}`,
    `See:        ${reference}`,
  ];
}

const told = ({ id, level, text, eras, sends, source }: Requirement): string[] => [
  `${id} (${level}): ${text}`,
  "",
  `Eras:       ${eras.join(", ")}`,
  `Tried with: ${sends}`,
  `See:        ${source}`,
];

function dataOf(row: Finding | Requirement): object {
  if ("severity" in row) return row;
  const { tried: _, ...data } = row;
  return data;
}
