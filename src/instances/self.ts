/** The first argument of our second life: the wrapper that becomes a server (see child-entry.ts). */
export const childWord = "__child";
/** And of our third: the process that runs somebody's own code (see worker/entry.ts). */
export const workerWord = "__worker";

/**
 * Our executable. An upgrade replaces or removes the file under a `serve` that runs: it goes on as what it is, and the kernel still has the program.
 */
export function selfPath(): string {
  // node:fs takes a quarter of an empty start, and `serve` becomes itself again before it needs it.
  const { existsSync } = require("node:fs") as typeof import("node:fs");
  return existsSync(process.execPath) ? process.execPath : "/proc/self/exe";
}

/** How to start this very program again, by an executable that is there: alone when compiled, Bun with main.ts when run from source. */
export function selfCommand(executable: string = selfPath()): string[] {
  const compiled = import.meta.url.includes("/$bunfs/") || import.meta.url.includes("~BUN");
  return compiled ? [executable] : [executable, Bun.fileURLToPath(new URL("../main.ts", import.meta.url))];
}
