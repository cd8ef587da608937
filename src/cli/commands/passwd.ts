import { Problem } from "../../lib/problem.ts";
import type { Env } from "../environment.ts";
import { clientFor } from "../session.ts";
import { typed } from "../typed.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const body = args.has("password-stdin") ? lines(await env.readInput()) : await asked(env);
  await clientFor(args, env).json("POST", "/api/v1/auth/password", body);
  if (!args.has("quiet")) env.out("Password changed. Every other login of yours has ended.");
}

async function asked(env: Env): Promise<{ current: string; next: string }> {
  const ask = (question: string) => typed(question, "mcpctl passwd --password-stdin < FILE", env, true);
  const current = await ask("Current password: ");
  const next = await ask("New password: ");
  if ((await ask("New password again: ")) === next) return { current, next };
  throw new Problem("invalid", "the new password was typed in two ways; nothing was changed", {
    hint: "mcpctl passwd",
  });
}

function lines(input: string): { current: string; next: string } {
  const [current, next, ...rest] = input.replace(/\r?\n$/, "").split(/\r?\n/);
  if (current !== undefined && next !== undefined && rest.length === 0) return { current, next };
  throw new Problem("invalid", "two lines are read: the current password, and the new one", {
    hint: "mcpctl passwd --password-stdin < FILE",
  });
}
