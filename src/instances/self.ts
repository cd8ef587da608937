import { existsSync } from "node:fs";

/** The first argument of our second life: the wrapper that becomes a server (see child-entry.ts). */
export const childWord = "__child";
/** And of our third: the process that runs somebody's own code (see worker/entry.ts). */
export const workerWord = "__worker";

/**
 * Our executable. An upgrade replaces or removes the file under a `serve` that runs: it goes on as what it is, and the kernel still has the program.
 */
export const selfPath = (): string => (existsSync(process.execPath) ? process.execPath : "/proc/self/exe");

/** How to start this very program again: the executable alone when compiled, Bun with main.ts when run from source. */
export function selfCommand(): string[] {
  const compiled = import.meta.url.includes("/$bunfs/") || import.meta.url.includes("~BUN");
  return compiled ? [selfPath()] : [selfPath(), Bun.fileURLToPath(new URL("../main.ts", import.meta.url))];
}
