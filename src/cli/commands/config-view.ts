import { credentialsPath, readContexts } from "../../client/contexts.ts";
import { readCredentials } from "../../lib/credentials-file.ts";
import type { Env } from "../environment.ts";
import { formatOf, table } from "../output.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const { currentContext, contexts } = readContexts(env.home);
  const logins = readCredentials(credentialsPath(env.home));
  const rows = Object.entries(contexts).map(([name, { url }]) => ({
    name,
    url,
    user: logins[url]?.user ?? "",
    current: name === currentContext,
  }));
  if (format === "json") return env.out(JSON.stringify({ home: env.home, currentContext, contexts: rows }, null, 2));
  env.out(
    table(
      ["CURRENT", "CONTEXT", "URL", "LOGGED IN AS"],
      rows.map(({ name, url, user, current }) => [current ? "*" : "", name, url, user]),
      env,
    ),
  );
}
