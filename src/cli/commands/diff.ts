import { unified } from "../../lib/line-diff.ts";
import { redact } from "../../lib/log.ts";
import { printable } from "../../lib/printable.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { toYaml } from "../../lib/yaml.ts";
import { type AnyKind, addedFields, type Resource } from "../../resources/define.ts";
import type { Manifest } from "../../resources/parse.ts";
import { complain } from "../complaint.ts";
import type { Env } from "../environment.ts";
import { documentsFrom, isRead } from "../manifests.ts";
import { usage } from "../parse.ts";
import { colouredChange } from "../printing/colour.ts";
import { during } from "../progress.ts";
import { misread } from "../report.ts";
import { orphans } from "../selected.ts";
import { inOrder, type Result, sendAll } from "../sending.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

/** As diff itself: 0 when nothing differs, 1 when something does, more when that cannot be said. */
const exits = { same: 0, different: 1, failed: 2 } as const;

export async function run(args: Args, env: Env): Promise<number> {
  try {
    return await compare(args, env);
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") throw error;
    const understood = misread(error, env);
    const problem =
      understood instanceof Problem ? understood : new Problem("internal", messageOf(error), { cause: error });
    complain(problem, env);
    return Math.max(exits.failed, problem.exit);
  }
}

async function compare(args: Args, env: Env): Promise<number> {
  const selector = args.flags("selector").join(",");
  if (args.has("prune") !== (selector !== "")) throw usage("diff", "--prune and -l SELECTOR go together");
  const read = await documentsFrom("diff", args, env);
  let failure = 0;
  const failed = (error: Problem, where?: string) => {
    failure ||= Math.max(exits.failed, error.exit);
    complain(error, env, where);
  };
  for (const { error } of read) if (error !== undefined) failed(error);
  const manifests = inOrder(read.filter(isRead));
  const client = clientFor(args, env);
  const { results } = await during("Comparing", args, env, () =>
    sendAll(manifests, { atomic: false, dryRun: true, show: true }, client),
  );
  const pieces = results.flatMap((result) => {
    if (result.error !== undefined) failed(result.error, `${result.where}, ${result.kind}/${result.name}`);
    return result.error === undefined ? differences(result) : [];
  });
  if (selector !== "") {
    const named = read.filter(isRead).map(({ manifest }) => manifest);
    if (failure > 0) env.err("What would be pruned is not told, since not all manifests are valid.");
    else
      for (const { kind, id } of await orphans(selector, named, client))
        pieces.push(...piece(kind, await client.get(kind, id), undefined));
  }
  for (const line of pieces) env.out(colouredChange(printable(redact(line)), env));
  if (failure > 0) return failure;
  return pieces.length > 0 ? exits.different : exits.same;
}

/** Whether there are any is for the server to say: it knows secrets and defaults. */
function differences({ manifest, action, before, after }: Result): string[] {
  if (manifest === undefined || after === undefined || action === "unchanged") return [];
  return piece(manifest.kind, before, after, manifest);
}

function piece(
  kind: AnyKind,
  before: Resource | undefined,
  after: Resource | undefined,
  manifest?: Manifest,
): string[] {
  const { name = "", project } = (after ?? before ?? {}) as Partial<Resource> & { project?: unknown };
  const title = `${kind.kind}/${name}${typeof project === "string" && kind.scopes !== undefined ? ` of ${project}` : ""}`;
  const lines = unified(shown(kind, before), shown(kind, after, manifest));
  const nothing = "/dev/null";
  return [`--- ${before === undefined ? nothing : title}`, `+++ ${after === undefined ? nothing : title}`, ...lines];
}

/** What a manifest of it would say, and of what is written and never given back only that it is given. */
function shown(kind: AnyKind, item: Resource | undefined, manifest?: Manifest): string[] {
  if (item === undefined) return [];
  const left = new Set<string>([...addedFields, ...(kind.verbs.includes("update") ? [] : (kind.readOnly ?? []))]);
  const fields = Object.entries({ kind: kind.kind, ...item }).filter(([field]) => !left.has(field));
  const hidden = (kind.writeOnly ?? []).flatMap((field) =>
    manifest?.fields[field] === undefined ? [] : [[field, "(given)"] as const],
  );
  return toYaml(Object.fromEntries([...fields, ...hidden]))
    .trimEnd()
    .split("\n");
}
