import { printable } from "../../lib/printable.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { ask, shown } from "../question.ts";
import type { Args } from "../verb.ts";
import { sentence } from "./auth-can-i.ts";

/** Everybody who must agree, with every binding that lets them and what comes near when none does. */
export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const answer = await ask(args, env);
  if (format === "json") return env.out(JSON.stringify(answer, null, 2));
  env.out(`${printable(answer.right)}\n${sentence(answer, env)}`);
  for (const { who, by, near } of answer.layers) {
    env.out(
      `\n${printable(who)} ${by.length > 0 ? "may, by" : near.length > 0 ? "may not; what comes near" : "may not; nothing comes near"}`,
    );
    for (const one of by) env.out(printable(`  ${shown(one)}`));
    for (const one of near) env.out(printable(`  ${shown(one)}: ${one.lacks}`));
  }
}
