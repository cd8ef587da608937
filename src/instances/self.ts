import { fileURLToPath } from "node:url";

/** The first argument of our second life: the wrapper that becomes a server (see child-entry.ts). */
export const childWord = "__child";

/** How to start this very program again: the executable alone when compiled, Bun with main.ts when run from source. */
export function selfCommand(): string[] {
  const compiled = import.meta.url.includes("/$bunfs/") || import.meta.url.includes("~BUN");
  return compiled ? [process.execPath] : [process.execPath, fileURLToPath(new URL("../main.ts", import.meta.url))];
}
