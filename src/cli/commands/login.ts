import { connect } from "../../client/client.ts";
import { credentialsPath, origin, readContexts, targetOf, writeContexts } from "../../client/contexts.ts";
import { saveCredential } from "../../lib/credentials-file.ts";
import { printable } from "../../lib/printable.ts";
import type { Env } from "../environment.ts";
import { typed } from "../typed.ts";
import type { Args } from "../verb.ts";

type Login = { token: string; expiresAt: string; user: { name: string } };

export async function run(args: Args, env: Env): Promise<void> {
  const given = args.words[0] ?? args.flag("url");
  const url =
    given === undefined ? targetOf({ context: args.flag("context") }, env.variables, env.home).url : origin(given);
  const email = args.flag("email") ?? (await typed("E-mail address: ", "mcpctl login URL --email ADDRESS", env));
  const password = args.has("password-stdin")
    ? (await env.readInput()).replace(/\r?\n$/, "")
    : await typed("Password: ", "mcpctl login URL --password-stdin", env, true);
  const login = (await connect({ url, token: undefined }, env.fetch).json("POST", "/api/v1/auth/login", {
    email,
    password,
  })) as Login;
  saveCredential(credentialsPath(env.home), url, { token: login.token, user: login.user.name });
  const contexts = readContexts(env.home);
  const name =
    Object.entries(contexts.contexts).find(([, context]) => context.url === url)?.[0] ??
    new URL(url).host.replaceAll(":", "-");
  writeContexts(env.home, { currentContext: name, contexts: { ...contexts.contexts, [name]: { url } } });
  if (!args.has("quiet"))
    env.out(`Logged in to ${url} as ${printable(login.user.name)} until ${login.expiresAt} (context "${name}")`);
}
