import { existsSync, readFileSync } from "node:fs";
import { messageOf, Problem } from "../lib/problem.ts";
import { writePrivately } from "../lib/whole-file.ts";
import type { Env } from "./environment.ts";

/**
 * Puts what we ship where another program of this user looks for it, and says so; done twice it is done once.
 * @throws Problem `invalid` where it cannot be written
 */
export function putInPlace(file: string, text: string, env: Env): void {
  if (existsSync(file) && readFileSync(file, "utf8") === text) {
    env.out(`Unchanged: ${file}`);
    return;
  }
  try {
    writePrivately(file, text);
  } catch (error) {
    throw new Problem("invalid", `${file} cannot be written: ${messageOf(error)}`, {
      hint: "without --install it is printed, to be put elsewhere",
      cause: error,
    });
  }
  env.out(`Written: ${file}`);
}
