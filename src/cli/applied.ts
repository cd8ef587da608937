import { Problem } from "../lib/problem.ts";
import { toYaml } from "../lib/yaml.ts";
import { complain } from "./complaint.ts";
import type { DryRun } from "./dry-run.ts";
import type { Env } from "./environment.ts";
import type { Format } from "./output.ts";
import type { Ended, Placed, Result } from "./sending.ts";
import type { Args } from "./verb.ts";
import { showWarnings } from "./warnings.ts";

export type Telling = ReturnType<typeof teller>;

/** Says what became of each as it becomes known; for JSON at the end. */
export function teller(args: Args, env: Env, format: Format, mode: DryRun | undefined) {
  const results: Result[] = [];
  const gone: Ended[] = [];
  const isTable = format === "table" && !args.has("quiet");
  const suffix = mode === undefined ? "" : mode === "server" ? " (dry run)" : " (client dry run)";
  let code = 0;

  function failed(broken: readonly Result[]): void {
    for (const { where, kind, name, error } of broken) {
      if (error === undefined) continue;
      code ||= error.exit;
      // What was found here names its place already.
      const about = error.message.startsWith(where)
        ? undefined
        : `${where}${name === undefined ? "" : `, ${kind}/${name}`}`;
      complain(error, env, about);
    }
    results.push(...broken);
  }

  function told(some: readonly Result[]): void {
    failed(some.filter(({ error }) => error !== undefined));
    for (const result of some.filter(({ error }) => error === undefined)) {
      const { kind, name, action, token, warnings } = result;
      results.push(result);
      if (format === "json") continue;
      if (format === "name") env.out(`${kind}/${name}`);
      else if (token !== undefined)
        env.out(`${kind}/${name} created; copy its token now, it is not shown again: ${token}`);
      else if (isTable)
        env.out(
          `${kind}/${name} ${kind === "mcptoken" && action === "unchanged" ? "already active, skipped" : action}${suffix}`,
        );
      showWarnings(warnings, `${kind}/${name}`, format, env);
    }
  }

  function ended(some: readonly Ended[]): void {
    for (const { kind, id, name = id, action, error } of some) {
      if (error !== undefined) {
        code ||= error.exit;
        complain(error, env, `${kind}/${name} is not pruned`);
      } else if (format === "name") env.out(`${kind}/${name}`);
      else if (isTable) env.out(`${kind}/${name} ${action}${suffix}`);
    }
    gone.push(...some);
  }

  function end(): number {
    if (format === "json")
      env.out(JSON.stringify({ results: results.map(asJson), ...(gone.length > 0 ? { deleted: gone } : {}) }, null, 2));
    const failures = results.filter(({ error }) => error !== undefined).length;
    if (failures > 0 && results.length > 1 && isTable && mode === undefined && results.length > failures)
      env.err(`${results.length - failures} of ${results.length} documents were applied, ${failures} failed.`);
    return code;
  }

  /** What would be sent. */
  function rehearsed(manifests: readonly Placed[], broken: readonly Result[]): number {
    failed(broken);
    const documents = manifests.map(({ document }) => document);
    if (format === "yaml") env.out(documents.map(toYaml).join("---\n").trimEnd());
    else if (format === "json") env.out(JSON.stringify({ kind: "List", items: documents }, null, 2));
    else
      for (const { manifest } of manifests)
        if (format === "name") env.out(`${manifest.kind.kind}/${manifest.name}`);
        else if (isTable) env.out(`${manifest.kind.kind}/${manifest.name} would be sent${suffix}`);
    return code;
  }

  return {
    results,
    failed,
    told,
    ended,
    end,
    rehearsed,
    hasFailed: () => code !== 0,
    aside: (text: string) => {
      if (isTable) env.out(text);
    },
  };
}

/** Machines get the problem as the server told it, and the place of the document. */
const asJson = ({ where, manifest: _, error, ...rest }: Result) => ({
  ...rest,
  source: where,
  ...(error instanceof Problem ? { error: error.toJSON() } : {}),
});
