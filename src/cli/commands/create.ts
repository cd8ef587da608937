import type { Client } from "../../client/client.ts";
import { Problem } from "../../lib/problem.ts";
import { toYaml } from "../../lib/yaml.ts";
import { type AnyKind, aKind } from "../../resources/define.ts";
import { type Manifest, parseManifest } from "../../resources/parse.ts";
import { dryRunOf } from "../dry-run.ts";
import type { Env } from "../environment.ts";
import { templateFrom } from "../from-template.ts";
import { contentFile, fieldsFrom, inFlags, refuseFiles } from "../kind-flags.ts";
import { readText } from "../manifests.ts";
import { type Format, formatOf, printResources } from "../output.ts";
import { usage } from "../parse.ts";
import { documentOf, sendAll } from "../sending.ts";
import { clientFor, kindAndNames, projectNeeded } from "../session.ts";
import { showToken } from "../token.ts";
import type { Args } from "../verb.ts";
import { showWarnings } from "../warnings.ts";
import { fitted } from "../wrap.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const { kind, names } = kindAndNames(args.words);
  const [name] = names;
  refuseFiles(args);
  if (name === undefined) throw usage(`create ${kind.kind}`, `the new ${kind.kind} needs a name`);
  const format = formatOf(args);
  const mode = dryRunOf(args);
  const isOfProject = (kind.fields.required ?? []).includes("project");
  const project = isOfProject ? projectNeeded(args) : undefined;
  if (isOfProject && project === undefined)
    throw new Problem("invalid", `${aKind(kind)} is of one project: which?`, {
      hint: `mcpctl create ${kind.kind} ${name} -p PROJECT`,
    });
  if (args.rest.length > 0 && !("command" in kind.fields.properties))
    throw usage("create", "only a server or a template has a command after --");
  // A server has a url of its own; which instance to talk to is then said by --context or MCPCTL_URL.
  const client = clientFor(args, env, "url" in kind.fields.properties ? "url" : undefined);
  const own = fieldsFrom(kind, args);
  const template = await templateFrom(own, args, client);
  const fields = {
    ...(template?.fields ?? own),
    ...(project === undefined ? {} : { project }),
    ...(args.rest.length > 0 ? { command: args.rest } : {}),
    ...(await password(kind.kind, args, env)),
    ...(await content(args, env)),
  };
  const refused = (error: unknown): never => {
    throw error instanceof Problem ? inFlags(kind, error) : error;
  };
  // Checked here too, so that what is misspelt is told without a server.
  let manifest: Manifest;
  try {
    manifest = parseManifest(kind, { ...fields, name });
  } catch (error) {
    return refused(error);
  }
  if (mode === "client") return showDraft(manifest, format, args, env);
  if (mode === "server") return await rehearse(manifest, client, args, env).catch(refused);
  const { token, ...created } = await made(kind, { ...fields, name }, client, args).catch(refused);
  if (token !== undefined) showToken({ ...created, token }, client.url, args, env);
  else if (args.flag("output") !== undefined) printResources(kind, [created], true, format, env);
  else if (!args.has("quiet"))
    env.out(
      `${kind.kind}/${created.name} ${created.version > 1 ? "replaced" : "created"}${kind.reachesAll?.(created) === true ? ", for every project" : ""}`,
    );
  if (template !== undefined && !args.has("quiet")) {
    if (args.flag("output") === undefined) for (const line of template.told) env.out(fitted(`  ${line}`, env.screen));
    for (const note of template.notes) env.err(`note: ${note}`);
  }
  showWarnings(created.status?.["warnings"], `${kind.kind}/${created.name}`, format, env);
  if (kind.kind === "user" && !("password" in fields) && env.isInteractive)
    env.err(
      `Nobody can log in as ${created.name} yet: mcpctl edit user ${created.name}, and add a line with its password.`,
    );
}

/** With `--force` it takes the place of one that is there. */
const made = (kind: AnyKind, fields: Record<string, unknown> & { name: string }, client: Client, args: Args) =>
  kind.verbs.includes("update") && args.has("force")
    ? client.replace(kind, fields.name, fields)
    : client.create(kind, fields);

/** The manifest that says the same: how a file is begun. */
function showDraft(manifest: Manifest, format: Format, args: Args, env: Env): void {
  const document = documentOf(manifest);
  if (format === "json") env.out(JSON.stringify(document, null, 2));
  else if (format === "yaml") env.out(toYaml(document).trimEnd());
  else if (format === "name") env.out(`${manifest.kind.kind}/${manifest.name}`);
  else if (!args.has("quiet")) env.out(`${manifest.kind.kind}/${manifest.name} would be created (client dry run)`);
}

async function rehearse(manifest: Manifest, client: Client, args: Args, env: Env): Promise<void> {
  const placed = { where: "", manifest, document: documentOf(manifest) };
  const { results } = await sendAll([placed], { dryRun: true }, client);
  const { kind, name } = manifest;
  const action = results[0]?.action;
  if (action !== "created" && !args.has("force"))
    throw new Problem("conflict", `${kind.kind} "${name}" exists already`, { hint: "--force replaces it" });
  if (!args.has("quiet")) env.out(`${kind.kind}/${name} ${action} (dry run)`);
}

async function password(kind: string, args: Args, env: Env): Promise<{ password?: string }> {
  if (!args.has("password-stdin")) return {};
  if (kind !== "user") throw new Problem("invalid", "only a user has a password");
  return { password: (await env.readInput()).replace(/\r?\n$/, "") };
}

/** A text that is too long for a command line. */
async function content(args: Args, env: Env): Promise<{ content?: string }> {
  const file = args.flag(contentFile);
  if (file === undefined) return {};
  if (args.flag("content") !== undefined) throw usage("create", "give --content or --content-file, not both");
  return { content: await readText(file, env) };
}
