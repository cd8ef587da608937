import { ServiceAccount } from "../../resources/service-account.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

type Login = { serviceaccount: string; token: string; expiresAt?: string };

export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const [name = ""] = args.words;
  const [ttl, label] = [args.flag("ttl"), args.flag("label")];
  const login = (await clientFor(args, env).act(ServiceAccount, name, "sessions", undefined, {
    ...(ttl === undefined ? {} : { ttl }),
    ...(label === undefined ? {} : { label }),
  })) as Login;
  if (args.has("quiet")) return env.out(login.token);
  if (format === "json") return env.out(JSON.stringify(login, null, 2));
  const until = login.expiresAt === undefined ? "never expires" : `until ${login.expiresAt}`;
  env.out(`Login of service account "${login.serviceaccount}" (${until}):\n\n  ${login.token}\n`);
  env.out("Copy it now: it is not shown again. Use it as MCPCTL_TOKEN or with --token.");
}
