import { selfCommand } from "./self.ts";

const variable = "BUN_CONFIG_MAX_HTTP_REQUESTS";

/**
 * Bun lets 256 requests of `fetch` be under way, open streams included, and makes all others wait. Our own client to servers has no such bound, but
 * behind a proxy it is `fetch` that goes, and two servers that hang would stop every other one. Bun reads the bound once, when it starts; so there we
 * become ourselves again, the same process, with a bound that is never reached.
 */
export function becomeSpacious(args: readonly string[]): void {
  if (process.env[variable] !== undefined || !proxyVariables.some((name) => process.env[name])) return;
  const again = againAs(selfCommand(), process.execArgv, args);
  try {
    process.execve?.(process.execPath, again, { ...process.env, [variable]: "65535" } as Record<string, string>);
  } catch {
    // Not on this system: then 256 it is.
  }
}

/** What names a proxy that is to connect in our place, for `fetch` as for us. */
export const proxyVariables: readonly string[] = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"];

/** Bun's own flags are given again where Bun is the program. A compiled one has them from BUN_OPTIONS, which stays, and takes all words for its own. */
export function againAs(command: readonly string[], bunFlags: readonly string[], args: readonly string[]): string[] {
  const [program = "", ...main] = command;
  return [program, ...(main.length === 0 ? [] : bunFlags), ...main, ...args];
}
