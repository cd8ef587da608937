import { redact } from "../lib/log.ts";
import { printable } from "../lib/printable.ts";
import type { Problem } from "../lib/problem.ts";
import type { Env } from "./environment.ts";

/** Tells a person what went wrong and what to type next; `where` says of which of several things it is told. */
export function complain({ message, fields = [], hint }: Problem, env: Env, where?: string): void {
  const say = (text: string) => env.err(printable(redact(text)));
  const about = where === undefined ? "" : `${where}: `;
  say(`error: ${about}${message || "something broke"}`);
  // A problem with one field may say it all in its first line.
  for (const { path, message: what } of fields.filter(({ message: what }) => !message.endsWith(what)))
    say(`  ${path === "" ? "" : `${path}: `}${what}`);
  if (hint !== undefined) say(`hint: ${hint}`);
}
