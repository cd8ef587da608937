import { resolve } from "node:path";
import {
  type Context,
  contextName,
  contextNamed,
  localContext,
  origin,
  readConfig,
  writeConfig,
} from "../../client/contexts.ts";
import { forgetLogin } from "../../client/logins.ts";
import { authority } from "../../client/target.ts";
import { isId, isName } from "../../lib/id.ts";
import { Problem } from "../../lib/problem.ts";
import { contextRows, contextTable } from "../context-table.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { usage } from "../parse.ts";
import { confirm } from "../session.ts";
import type { Args } from "../verb.ts";

export async function list(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json", "name"]);
  const config = readConfig(env.home);
  const names = Object.keys(config.contexts);
  if (args.has("quiet") || format === "name") for (const name of names) env.out(name);
  else if (format === "json") env.out(JSON.stringify(contextRows(config, env), null, 2));
  else env.out(contextTable(config, env));
  warnOfUrl(args, env);
}

export async function current(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json", "name"]);
  const config = readConfig(env.home);
  const name = args.flag("context") ?? env.variables["MCPCTL_CONTEXT"] ?? config.currentContext;
  const { url, project } = contextNamed(config.contexts, name);
  if (format === "json") env.out(JSON.stringify({ name, ...contextNamed(config.contexts, name) }, null, 2));
  else if (args.has("quiet") || format === "name") env.out(name);
  else env.out(`${name}: ${url}${project === undefined ? "" : `, project ${project}`}`);
  warnOfUrl(args, env);
}

function warnOfUrl(args: Args, env: Env): void {
  if (env.variables["MCPCTL_URL"] !== undefined && args.flag("context") === undefined)
    env.err("warning: MCPCTL_URL is set, and is used before the current context");
}

export async function use(args: Args, env: Env): Promise<void> {
  const [name = ""] = args.words;
  const config = readConfig(env.home);
  const { url } = contextNamed(config.contexts, name);
  writeConfig(env.home, { ...config, currentContext: name });
  if (!args.has("quiet")) env.out(`Now talking to ${url} (context "${name}")`);
}

export async function rename(args: Args, env: Env): Promise<void> {
  const [from = "", word = ""] = args.words;
  const config = readConfig(env.home);
  const context = contextNamed(config.contexts, from);
  const to = contextName(word);
  if (from === localContext) throw alwaysThere();
  if (Object.hasOwn(config.contexts, to))
    throw new Problem("conflict", `there is a context "${to}" already`, { hint: `mcpctl context delete ${to}` });
  const contexts = Object.entries(config.contexts).map(([name, one]) => [name === from ? to : name, one]);
  const currentContext = config.currentContext === from ? to : config.currentContext;
  writeConfig(env.home, { ...config, currentContext, contexts: Object.fromEntries(contexts) });
  if (!args.has("quiet")) env.out(`The context for ${context.url} is called "${to}"`);
}

/** Its login goes with it, unless another context is for the same instance. */
export async function remove(args: Args, env: Env): Promise<void> {
  const [name = ""] = args.words;
  const config = readConfig(env.home);
  const { url } = contextNamed(config.contexts, name);
  if (name === localContext) throw alwaysThere();
  const isCurrent = config.currentContext === name;
  if (isCurrent && !args.has("yes") && !env.isInteractive)
    throw new Problem("conflict", `"${name}" is the current context`, {
      hint: `mcpctl context use ANOTHER, or --yes to talk to "${localContext}" from then on`,
    });
  if (isCurrent && !(await confirm(`"${name}" is the current context. Delete it?`, args, env))) return;
  const { [name]: _gone, ...contexts } = config.contexts;
  const isLast = !Object.values(contexts).some((other) => other.url === url);
  const left = isLast ? await forgetLogin({ home: env.home, keyring: env.keyring }, url) : undefined;
  writeConfig(env.home, { ...config, currentContext: isCurrent ? localContext : config.currentContext, contexts });
  if (left !== undefined) env.err(`warning: ${left.message}: its login is still in there`);
  if (args.has("quiet")) return;
  env.out(`Deleted the context "${name}"${isLast ? " and its login here" : ""}`);
  if (isCurrent) env.out(`Now talking to ${contexts[localContext]?.url} (context "${localContext}")`);
}

/** Changes what is said, and leaves the rest. An empty value takes away. */
export async function set(args: Args, env: Env): Promise<void> {
  const config = readConfig(env.home);
  const name = args.words[0] ?? args.flag("context") ?? env.variables["MCPCTL_CONTEXT"] ?? config.currentContext;
  const before = contextNamed(config.contexts, name);
  const changes = changesFrom(args);
  if (Object.keys(changes).length === 0)
    throw usage("context set", "nothing to set: give -p PROJECT, --url, --ca, --insecure-skip-verify or --verify");
  const merged = { ...before, ...changes };
  const context = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== "" && value !== false));
  writeConfig(env.home, { ...config, contexts: { ...config.contexts, [name]: context as Context } });
  if (!args.has("quiet")) env.out(`The context "${name}" is saved: mcpctl context list`);
}

function changesFrom(args: Args): Partial<Context> {
  const [url, project, ca] = [args.flag("url"), args.flag("project"), args.flag("ca")];
  if (args.has("verify") && args.has("insecure-skip-verify"))
    throw usage("context set", "--verify and --insecure-skip-verify exclude each other");
  if (ca !== undefined && ca !== "") authority(ca);
  if (project !== undefined && project !== "" && !isName(project) && !isId(project))
    throw usage("context set", "-p takes the name of a project");
  return {
    ...(url === undefined ? {} : { url: origin(url) }),
    ...(project === undefined ? {} : { project }),
    ...(ca === undefined ? {} : { ca: ca === "" ? "" : resolve(ca) }),
    ...(args.has("insecure-skip-verify") && { insecureSkipVerify: true }),
    ...(args.has("verify") && { insecureSkipVerify: false }),
  };
}

const alwaysThere = () =>
  new Problem("conflict", `the context "${localContext}" is always there: it is what mcpctl serve here listens on`, {
    hint: `mcpctl context set ${localContext} --url URL leads it elsewhere`,
  });
