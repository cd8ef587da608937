import { Problem } from "../../lib/problem.ts";
import * as Type from "../../lib/type.ts";
import { McpToken } from "../../resources/mcp-token.ts";
import { readJson } from "../body.ts";
import type { Route } from "../route.ts";

export const leakRoute: Route = {
  method: "POST",
  path: "/api/v1/mcptokens/revoke-leaked",
  permission: "public",
  tag: McpToken.plural,
  summary: "Revoke a token that was found where it should not be. Answers the same whatever was presented",
  body: () => Type.Object({ token: Type.String({ description: "What was found, mcpctl_pat_…" }) }),
  answer: () => Type.Object({ message: Type.String({ description: "Always the same" }) }),
  status: 202,
  handle: async ({ request, address }, { leaks }) => {
    const { token, ...rest } = ((await readJson(request)) ?? {}) as Record<string, unknown>;
    if (typeof token !== "string" || Object.keys(rest).length > 0)
      throw new Problem("invalid", "The body is {token}", { hint: "mcpctl token revoke-leaked" });
    await leaks.report(token, address);
    return { message: "If this was an active token of this server, it is revoked now." };
  },
};
