import { Problem } from "../lib/problem.ts";
import type { Env } from "./environment.ts";

/**
 * What a person types. A hidden answer is taken as it stands, blanks and all.
 * @throws Problem `invalid` with `hint` when nobody can be asked, so that a script never waits for an answer
 */
export async function typed(question: string, hint: string, env: Env, hidden = false): Promise<string> {
  if (!env.isInteractive) throw new Problem("invalid", "there is no terminal to ask on", { hint });
  const words = await env.ask(question, hidden);
  return hidden ? words : words.trim();
}
