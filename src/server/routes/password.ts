import { Problem } from "../../lib/problem.ts";
import * as Type from "../../lib/type.ts";
import { User } from "../../resources/user.ts";
import { readJson } from "../body.ts";
import { must, type Route } from "../route.ts";

const { minLength = 0, maxLength = 0 } = User.fields.properties.password;

export const passwordRoute: Route = {
  method: "POST",
  path: "/api/v1/auth/password",
  permission: "authenticated",
  tag: "auth",
  summary: "Change one's own password; ends every other login of this user",
  body: () =>
    Type.Object({
      current: Type.String({ description: "The password until now; a wrong one counts as a failed login" }),
      next: Type.String({ minLength, maxLength, description: "The password from now on" }),
    }),
  handle: async ({ request, caller, address }, { changePassword }) => {
    const who = must(caller);
    if (who.kind !== "session")
      throw new Problem("forbidden", "A token has no password, and does not change its owner's", {
        hint: "mcpctl login, then mcpctl passwd",
      });
    const { current, next } = passwordsIn(await readJson(request));
    await changePassword({ userId: who.principalId, sessionId: who.sessionId, current, next, address });
  },
};

function passwordsIn(body: unknown): { current: string; next: string } {
  const { current, next, ...rest } = (body ?? {}) as Record<string, unknown>;
  if (typeof current !== "string" || typeof next !== "string" || Object.keys(rest).length > 0)
    throw new Problem("invalid", "The body is {current, next}", { hint: "mcpctl passwd" });
  if (current.length <= maxLength && next.length >= minLength && next.length <= maxLength) return { current, next };
  throw new Problem("invalid", "the password is not changed", {
    fields: [{ path: next.length < minLength || next.length > maxLength ? "/next" : "/current", message: lengths }],
  });
}

const lengths = `is ${minLength} to ${maxLength} characters`;
