import { colors } from "consola/utils";
import type { Env } from "../environment.ts";

/** Whether what is printed may have colours. */
export const isColoured = (env: Env): boolean => env.isTerminal && env.variables["NO_COLOR"] === undefined;

const colourOf: Record<string, (text: string) => string> = {
  "+": colors.green,
  "-": colors.red,
  "@": colors.cyan,
};

/** A line of a difference, coloured by the sign that it begins with. */
export function colouredChange(line: string, env: Env): string {
  if (!isColoured(env)) return line;
  return /^(---|\+\+\+) /.test(line) ? colors.bold(line) : (colourOf[line[0] ?? ""]?.(line) ?? line);
}
