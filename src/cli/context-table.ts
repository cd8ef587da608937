import type { Config } from "../client/contexts.ts";
import { loginsIn } from "../client/logins.ts";
import type { Env } from "./environment.ts";
import { table } from "./output.ts";

/** What is known of each instance, with whose login, and where that lies; never the login. */
export function contextRows({ contexts, currentContext }: Config, env: Env) {
  const logins = loginsIn(env.home);
  return Object.entries(contexts).map(([name, context]) => {
    const { user = "", place } = logins[context.url] ?? {};
    return {
      name,
      current: name === currentContext,
      ...context,
      user,
      ...(place === undefined ? {} : { loginIn: place }),
    };
  });
}

export const contextTable = (config: Config, env: Env): string =>
  table(
    ["CURRENT", "CONTEXT", "URL", "PROJECT", "LOGGED IN AS", "LOGIN IN", "TLS"],
    contextRows(config, env).map(({ name, url, project, user, current, loginIn, ca, insecureSkipVerify }) => [
      current ? "*" : "",
      name,
      url,
      project ?? "",
      user,
      loginIn ?? "",
      insecureSkipVerify === true ? "not checked" : (ca ?? ""),
    ]),
    env,
  );
