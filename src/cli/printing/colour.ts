import type { colors } from "consola/utils";
import type { Env } from "../environment.ts";

type Colour = "bold" | "cyan" | "gray" | "green" | "red" | "yellow";
let loaded: typeof colors | undefined;

/** Whether what is printed may have colours. */
export const isColoured = (env: Env): boolean => env.isTerminal && env.variables["NO_COLOR"] === undefined;

/** Before anything is painted. Only for a terminal: looking at what that one can do takes half as long as an empty program starts. */
export async function loadColours(): Promise<void> {
  loaded = (await import("consola/utils")).colors;
}

export const painted = (colour: Colour, text: string): string => loaded?.[colour](text) ?? text;

const colourOf: Record<string, Colour> = { "+": "green", "-": "red", "@": "cyan" };

/** A line of a difference, coloured by the sign that it begins with. */
export function colouredChange(line: string, env: Env): string {
  if (!isColoured(env)) return line;
  const colour = /^(---|\+\+\+) /.test(line) ? "bold" : colourOf[line[0] ?? ""];
  return colour === undefined ? line : painted(colour, line);
}

export type { Colour };
