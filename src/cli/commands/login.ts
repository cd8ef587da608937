import { resolve } from "node:path";
import type { Target } from "../../client/client.ts";
import { type Config, type Context, contextName, origin, readConfig, writeConfig } from "../../client/contexts.ts";
import { demandKeyring, saveLogin } from "../../client/logins.ts";
import { settingOf, withSetting } from "../../client/settings.ts";
import { printable } from "../../lib/printable.ts";
import { Problem } from "../../lib/problem.ts";
import type { Env } from "../environment.ts";
import { usage } from "../parse.ts";
import { anonymousAt } from "../session.ts";
import { targetFor } from "../target.ts";
import { typed } from "../typed.ts";
import type { Args } from "../verb.ts";

/** What one is known by afterwards; `project` is that of a token, which is confined to one. */
type Known = { token: string; user: string; expiresAt?: string; project?: string | undefined };

/** Nothing is kept before the server has said that it is right. */
export async function run(args: Args, env: Env): Promise<void> {
  const word = args.words[0];
  const target = targetFor(args, env, word === undefined ? {} : { url: origin(word) });
  const config = readConfig(env.home);
  const name = nameFor(args, config, target.url);
  const store = { home: env.home, keyring: env.keyring };
  const wanted = wantedPlace(config, env);
  if (wanted === "keyring") await demandKeyring(store, target.url);
  const { token, user, expiresAt, project } = await knownBy(target, args, env);
  const { place, failure } = await saveLogin(store, target.url, { user, token }, wanted);
  const context = { ...contextWith(args, env, config.contexts[name], target.url), ...(project && { project }) };
  writeConfig(env.home, { ...config, currentContext: name, contexts: { ...config.contexts, [name]: context } });
  if (failure !== undefined)
    env.err(`warning: ${failure.message}: the login lies in ${env.home}/credentials, which is yours alone to read`);
  if (env.variables["MCPCTL_TOKEN"] !== undefined)
    env.err("warning: MCPCTL_TOKEN is set, and is used before this login");
  if (args.has("quiet")) return;
  const until = expiresAt === undefined ? "" : ` until ${expiresAt}`;
  const where = place === "keyring" ? ", kept in the system's keyring" : "";
  env.out(`Logged in to ${target.url} as ${printable(user)}${until} (context "${name}"${where})`);
}

function wantedPlace({ settings }: Config, { variables }: Env) {
  const said = variables["MCPCTL_CREDENTIAL_STORE"];
  return settingOf(said === undefined ? settings : withSetting(settings, "credentialStore", said), "credentialStore");
}

async function knownBy(target: Target, args: Args, env: Env): Promise<Known> {
  const isToken = args.has("with-token") || args.flag("token") !== undefined;
  if (!isToken) return await byPassword(target, args, env);
  if (args.flag("email") !== undefined || args.has("password-stdin"))
    throw usage("login", "a token says already who it is: --email and --password-stdin go without one");
  if (args.has("with-token") && args.flag("token") !== undefined)
    throw usage("login", "--with-token reads the token from standard input, so --token goes without it");
  return await byToken(target, args.flag("token") ?? (await env.readInput()).trim(), args, env);
}

async function byToken(target: Target, token: string, args: Args, env: Env): Promise<Known> {
  if (!/^mcpctl_(pat|ses)_[0-9A-Za-z]+$/.test(token))
    throw new Problem("invalid", "that is no token of mcpctl: they begin with mcpctl_pat_ or mcpctl_ses_", {
      hint: "mcpctl token create NAME -p PROJECT, or mcpctl auth session SERVICEACCOUNT",
    });
  const client = anonymousAt(target, args, env);
  const headers = { authorization: `Bearer ${token}` };
  const me = (await client.json("GET", "/api/v1/auth/whoami", undefined, headers)) as {
    subject: string;
    user?: string;
    project?: string;
  };
  return { token, user: me.user ?? me.subject, project: me.project };
}

async function byPassword(target: Target, args: Args, env: Env): Promise<Known> {
  const client = anonymousAt(target, args, env);
  // Nobody types a password for an address at which there is nothing.
  if (env.isInteractive) await client.json("GET", "/version");
  const email = args.flag("email") ?? (await typed("E-mail address: ", "mcpctl login URL --email ADDRESS", env));
  const password = args.has("password-stdin")
    ? (await env.readInput()).replace(/\r?\n$/, "")
    : await typed("Password: ", "mcpctl login URL --password-stdin", env, true);
  const { token, expiresAt, user } = (await client.json("POST", "/api/v1/auth/login", { email, password })) as {
    token: string;
    expiresAt: string;
    user: { name: string };
  };
  return { token, expiresAt, user: user.name };
}

/** The name that was given; else that under which the address is known; else one after its host. */
function nameFor(args: Args, { contexts, currentContext }: Config, url: string): string {
  const given = args.flag("name");
  if (given !== undefined) {
    const name = contextName(given);
    if ((contexts[name]?.url ?? url) === url || args.has("yes")) return name;
    throw new Problem("conflict", `the context "${name}" is for ${contexts[name]?.url}`, {
      hint: "give another --name, or --yes to make it this one's",
    });
  }
  const known = [args.flag("context"), currentContext, ...Object.keys(contexts)];
  const found = known.find((name) => name !== undefined && contexts[name]?.url === url);
  if (found !== undefined) return found;
  const host = new URL(url).host
    .replaceAll(/[^A-Za-z0-9.-]+/g, "-")
    .replace(/^[-.]+/, "")
    .slice(0, 60);
  const free = [host, ...Array.from({ length: 99 }, (_, i) => `${host}-${i + 2}`)];
  return free.find((name) => contexts[name] === undefined) ?? host;
}

/** What is said of the instance in this command line stays said. */
function contextWith(args: Args, env: Env, before: Context | undefined, url: string): Context {
  const [project, ca] = [args.flag("project"), args.flag("ca") ?? env.variables["MCPCTL_CA_FILE"]];
  return {
    ...(before?.url === url ? before : {}),
    url,
    ...(project === undefined ? {} : { project }),
    ...(ca === undefined ? {} : { ca: resolve(ca) }),
    ...(args.has("insecure-skip-verify") && { insecureSkipVerify: true }),
  };
}
