import { hostname } from "node:os";
import { Problem } from "../../lib/problem.ts";
import { McpToken } from "../../resources/mcp-token.ts";
import type { Env } from "../environment.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";
import { type Asked, projectOf, tokenName } from "./asked.ts";

export type Minted = { id: string; name: string; token: string };

/** Mints a token for the client. With `replacing`, one of its name ends. @throws Problem of the server */
export async function mint(asked: Asked, args: Args, env: Env, replacing: boolean): Promise<Minted> {
  const name = tokenName(asked);
  const ttl = args.flag("ttl");
  const fields = {
    name,
    project: projectOf(asked),
    description: `${asked.row.title} on ${hostname()}, by mcpctl config`,
    ...(ttl === undefined ? {} : { ttl }),
    ...(replacing || args.has("force") ? { force: true } : {}),
  };
  const { id, token } = await clientFor(args, env, "token")
    .create(McpToken, fields)
    .catch((error: unknown) => {
      if (!(error instanceof Problem) || error.code !== "conflict") throw error;
      throw new Problem("conflict", error.message, {
        hint: `--force ends it and mints another, --token gives one that you have; or mcpctl token rotate ${name} -p ${fields.project}`,
        cause: error,
      });
    });
  if (token === undefined) throw new Problem("unavailable", "the server answered without a token");
  return { id, name, token };
}

export const revoke = (id: string, args: Args, env: Env): Promise<unknown> =>
  clientFor(args, env, "token").act(McpToken, id, "revoke", undefined);
