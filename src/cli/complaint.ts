import { redact } from "../lib/log.ts";
import { printable } from "../lib/printable.ts";
import type { Problem } from "../lib/problem.ts";
import type { Env } from "./environment.ts";
import { fitted } from "./wrap.ts";

/** Tells a person what went wrong and what to type next; `where` says of which of several things it is told. */
export function complain({ message, fields = [], hint }: Problem, env: Env, where?: string): void {
  // A hint stays in one piece: it is mostly there to be copied.
  const told = (text: string) => env.err(fitted(printable(redact(text)), env.statusLine && env.screen));
  const about = where === undefined ? "" : `${where}: `;
  told(`error: ${about}${message || "something broke"}`);
  // A problem with one field may say it all in its first line.
  for (const { path, message: what } of fields.filter(({ message: what }) => !message.endsWith(what)))
    told(`  ${path === "" ? "" : `${path}: `}${what}`);
  if (hint !== undefined) env.err(printable(redact(`hint: ${hint}`)));
}
