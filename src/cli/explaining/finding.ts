import { type Finding, findings } from "../../client/validator/findings.ts";
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
  if (id === undefined) {
    if (isJson) return env.out(JSON.stringify(findings, null, 2));
    return env.out(
      table(
        ["ID", "SEVERITY", "TITLE"],
        findings.map((one) => [one.id, one.severity, one.title]),
        env,
      ),
    );
  }
  const known = id.toUpperCase();
  const finding: Finding | undefined = findings.find((one) => one.id === known);
  const requirement = requirements.find((one) => one.id === known);
  if (finding === undefined && requirement === undefined) throw unknownId(id);
  if (isJson) return env.out(JSON.stringify(finding ?? withoutWork(requirement), null, 2));
  for (const line of finding === undefined ? told(requirement) : linesOf(finding)) env.out(fitted(line, env.screen));
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

function told(requirement: Requirement | undefined): string[] {
  if (requirement === undefined) return [];
  const { id, level, text, eras, sends, source } = requirement;
  return [
    `${id} (${level}): ${text}`,
    "",
    `Eras:       ${eras.join(", ")}`,
    `Tried with: ${sends}`,
    `See:        ${source}`,
  ];
}

function withoutWork(requirement: Requirement | undefined): Partial<Requirement> {
  const { tried: _, ...data } = requirement ?? {};
  return data;
}
