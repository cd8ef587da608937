import type { Client } from "../../client/client.ts";
import { outcomeOf } from "../../client/import/outcome.ts";
import { neededFor, type Plan, planOf } from "../../client/import/plan.ts";
import { isName } from "../../lib/id.ts";
import { printable } from "../../lib/printable.ts";
import { Problem } from "../../lib/problem.ts";
import { writePrivately } from "../../lib/whole-file.ts";
import { toYaml } from "../../lib/yaml.ts";
import type { Env } from "../environment.ts";
import { importPage, shownDocuments } from "../import-page.ts";
import { type Source, sourceOf } from "../import-source.ts";
import { type Format, formatOf } from "../output.ts";
import { clientFor, confirm, isAway } from "../session.ts";
import type { Args } from "../verb.ts";
import { showWarnings } from "../warnings.ts";

type Results = { results: { kind: string; name: string; action: string; warnings?: string[] }[] };
type Documents = readonly Record<string, unknown>[];

/** Reads, plans, shows, asks, and applies all of it or nothing. */
export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json", "yaml", "name"]);
  const source = await sourceOf(args, env);
  const project = args.flag("project") ?? source.project;
  if (!isName(project))
    throw new Problem("invalid", "the project's name has lower-case letters, digits and dashes", {
      hint: "mcpctl import … -p NAME",
    });
  const client = clientFor(args, env);
  const file = args.flag("write-to");
  const dryRun = args.has("dry-run");
  const { plan, open } = await planFor(source, client.url, args, env);
  const compare = (there: Client | undefined) => outcomeOf(plan.planned, project, args.has("force"), there);
  const outcome = await compare(file === undefined ? client : undefined).catch((error: unknown) => {
    // A plan is of use without an instance too; it cannot say then what is there already.
    if (!dryRun || !isAway(error)) throw error;
    env.err(`Not compared with what is there: ${error.message}`);
    return compare(undefined);
  });
  const isPage = dryRun && format === "table";
  if (!args.has("quiet") && (format === "table" || !dryRun))
    (isPage ? env.out : env.err)(importPage(source, plan, outcome, project, env));
  if (plan.planned.length === 0) throw new Problem("invalid", `nothing of ${source.path} can be imported`);
  for (const line of open) env.err(line);
  if (file !== undefined) return writeFile(file, outcome.documents, env);
  if (dryRun) return show(outcome.documents, format, env);
  if (outcome.clashes.length > 0)
    throw new Problem("conflict", `there are others of the same name: ${outcome.clashes.join(", ")}`, {
      hint: "--prefix NAME- gives these other names, --only leaves some out, --force takes the place of those",
    });
  if (!(await confirm("Make these?", args, env))) return env.err("Nothing was changed.");
  const { results } = (await client.json("POST", "/api/v1/apply", { documents: outcome.documents })) as Results;
  if (format === "json") return env.out(JSON.stringify({ results }, null, 2));
  if (format === "yaml") return show(outcome.documents, format, env);
  for (const { kind, name, action } of results)
    if (format === "name") env.out(`${kind}/${name}`);
    else if (!args.has("quiet")) env.out(`${kind}/${name} ${action}`);
  for (const { kind, name, warnings } of results) showWarnings(warnings, `${kind}/${name}`, format, env);
  if (env.isTerminal && !args.has("quiet"))
    env.err(`See whether they run: mcpctl get servers. A token for them: mcpctl token create NAME -p ${project}`);
}

/** `open` tells what a dry run leaves to be said. */
async function planFor(source: Source, origin: string, args: Args, env: Env): Promise<{ plan: Plan; open: string[] }> {
  const { entries, inputs = {} } = source;
  const values = new Map<string, string>();
  const choice = { inputs, values, origin, prefix: args.flag("prefix") ?? "" };
  const missing = () => neededFor(entries, choice);
  if (args.has("from-env"))
    for (const { name } of missing()) {
      const value = env.variables[name];
      if (value !== undefined && value !== "") values.set(name, value);
    }
  const mayAsk = env.isInteractive && !args.has("dry-run") && !args.has("yes");
  if (mayAsk)
    for (const { name, for: whose, description, secret } of missing()) {
      const what = description === undefined ? "" : `, ${description}`;
      const answer = await env.ask(printable(`${name} (for ${whose.join(", ")}${what}): `), secret);
      if (answer !== "") values.set(name, answer);
    }
  const left = missing();
  const told = left.map(({ name, for: whose }) => printable(`${name}, for ${whose.join(", ")}`));
  if (left.length > 0 && !args.has("dry-run"))
    throw new Problem("invalid", "some values are not in the file", {
      fields: told.map((message) => ({ path: "", message })),
      hint: "--from-env reads them from this shell's variables; --only NAME imports the others",
    });
  return { plan: planOf(entries, choice), open: told.map((line) => `still to be given: ${line}`) };
}

function show(documents: Documents, format: Format, env: Env): void {
  const shown = shownDocuments(documents);
  if (format === "yaml") env.out(shown.map(toYaml).join("---\n").trimEnd());
  else if (format === "json") env.out(JSON.stringify({ kind: "List", items: shown }, null, 2));
  else if (format === "name") for (const { kind, name } of shown) env.out(`${kind}/${name}`);
}

/** With the values of secrets, so for nobody but its owner. */
function writeFile(path: string, documents: Documents, env: Env): void {
  writePrivately(path, documents.map(toYaml).join("---\n"));
  env.out(path);
}
