import { Problem } from "../../lib/problem.ts";
import { aKind } from "../../resources/define.ts";
import { parseManifest } from "../../resources/parse.ts";
import type { Env } from "../environment.ts";
import { templateFrom } from "../from-template.ts";
import { contentFile, fieldsFrom, inFlags } from "../kind-flags.ts";
import { readText } from "../manifests.ts";
import { formatOf, printResources } from "../output.ts";
import { usage } from "../parse.ts";
import { clientFor, kindAndNames } from "../session.ts";
import { showToken } from "../token.ts";
import type { Args } from "../verb.ts";
import { showWarnings } from "../warnings.ts";
import { fitted } from "../wrap.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const { kind, names } = kindAndNames(args.words);
  const [name] = names;
  if (name === undefined) throw usage(`create ${kind.kind}`, `the new ${kind.kind} needs a name`);
  const format = formatOf(args);
  if ((kind.fields.required ?? []).includes("project") && args.flag("project") === undefined)
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
    ...(args.rest.length > 0 ? { command: args.rest } : {}),
    ...(await password(kind.kind, args, env)),
    ...(await content(args, env)),
  };
  const refused = (error: unknown): never => {
    throw error instanceof Problem ? inFlags(kind, error) : error;
  };
  // Checked here too, so that what is misspelt is told without a server.
  try {
    parseManifest(kind, { ...fields, name });
  } catch (error) {
    refused(error);
  }
  const { token, ...created } = await client.create(kind, { ...fields, name }).catch(refused);
  if (token !== undefined) showToken({ ...created, token }, client.url, args, env);
  else if (args.flag("output") !== undefined) printResources(kind, [created], true, format, env);
  else if (!args.has("quiet"))
    env.out(`${kind.kind}/${created.name} created${kind.reachesAll?.(created) === true ? ", for every project" : ""}`);
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
