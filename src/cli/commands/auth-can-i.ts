import { printable } from "../../lib/printable.ts";
import { catalogue } from "../../lib/problem.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { isColoured, painted } from "../printing/colour.ts";
import { type Answer, ask, shown } from "../question.ts";
import type { Args } from "../verb.ts";

/** Ends with 0 for yes and with the code of a refusal for no, so that a script may ask. */
export async function run(args: Args, env: Env): Promise<number> {
  const format = formatOf(args, ["table", "json"]);
  const answer = await ask(args, env);
  if (format === "json") env.out(JSON.stringify(answer, null, 2));
  else env.out(args.has("quiet") ? (answer.allowed ? "yes" : "no") : sentence(answer, env));
  return answer.allowed ? 0 : catalogue.forbidden.exit;
}

/** Yes or no, and in the same line why. What comes from the server is made harmless before ours is coloured. */
export function sentence({ allowed, subject, by = [], missing, who, because }: Answer, env: Env): string {
  const colour = isColoured(env);
  if (allowed) {
    const reasons = by.map((one) => `${one.who === subject ? "" : `${one.who}: `}${shown(one)}`);
    return `${colour ? painted("green", "yes") : "yes"}: ${printable(reasons.join("; "))}`;
  }
  const whose = who === undefined || who === subject ? subject : `${subject}: ${who}`;
  const why = `${whose} lacks ${missing}${because === undefined ? "" : `: ${because}`}`;
  return `${colour ? painted("red", "no") : "no"}: ${printable(why)}`;
}
