import type { Outcome } from "../client/import/outcome.ts";
import type { Plan } from "../client/import/plan.ts";
import { printable } from "../lib/printable.ts";
import { runsOf, type TemplateFields } from "../resources/template.ts";
import type { Env } from "./environment.ts";
import type { Source } from "./import-source.ts";
import { table } from "./output.ts";
import { fitted } from "./wrap.ts";

/** What would be made, for somebody to agree to. No value of a secret is in it. */
export function importPage(
  { path, shape }: Source,
  { planned, skipped }: Plan,
  { servers }: Outcome,
  project: string,
  env: Env,
): string {
  const rows = servers.map(({ planned: { name, server, secret }, action }) => [
    name,
    action === "clash" ? "taken" : action,
    secret === undefined ? "" : Object.keys(secret.data).join(","),
    wholeRun(server as unknown as Shown),
  ]);
  const notes = planned.flatMap(({ name, from, notes: own }) => [
    ...(name === from ? [] : [`${name}: it was called ${from}`]),
    ...own.map((note) => `${name}: ${note}`),
  ]);
  const lines = [
    `Read as ${shape}: ${path}`,
    ...(rows.length === 0 ? [] : [table(["SERVER", "ACTION", "SECRET", "RUNS"], rows, env)]),
    ...(rows.length === 0 ? [] : [`project/${project} offers them: ${planned.map(({ name }) => name).join(", ")}`]),
    ...notes.map((note) => `note: ${note}`),
    ...skipped.map(({ from, why }) => `left out: ${from}: ${why}`),
  ];
  return lines.map((line, at) => (rows.length > 0 && at === 1 ? line : fitted(printable(line), env.screen))).join("\n");
}

type Shown = Omit<TemplateFields, "env"> & { env?: { name: string; value?: string }[] };

/** What it runs, with its arguments, what it sees of the machine and its plain variables, some of which run code: somebody is about to agree to it. */
const wholeRun = ({ env = [], ...server }: Shown): string =>
  [
    runsOf(server),
    ...(server.args ?? []),
    ...(server.volumes ?? []).map((volume) => `(${volume})`),
    ...env.flatMap(({ name, value }) => (value === undefined ? [] : [`${name}=${value}`])),
  ].join(" ");

/** The documents as somebody may read them: no value of a secret, but a word that says whose place it has. */
export const shownDocuments = (documents: readonly Record<string, unknown>[]): Record<string, unknown>[] =>
  documents.map((document) =>
    document["kind"] === "secret"
      ? {
          ...document,
          data: Object.fromEntries(Object.keys(document["data"] as object).map((key) => [key, `<value of ${key}>`])),
        }
      : document,
  );
