import { selfCommand } from "./self.ts";

const variable = "BUN_CONFIG_MAX_HTTP_REQUESTS";

/**
 * Bun lets 256 requests of `fetch` be under way, open streams included, and makes all others wait: two servers that hang would stop every other one.
 * It reads the bound once, when it starts; so we become ourselves again, the same process, with a bound that is never reached.
 */
export function becomeSpacious(args: readonly string[]): void {
  if (process.env[variable] !== undefined) return;
  const command = selfCommand();
  const again = [...command.slice(0, 1), ...process.execArgv, ...command.slice(1), ...args];
  try {
    process.execve?.(process.execPath, again, { ...process.env, [variable]: "65535" } as Record<string, string>);
  } catch {
    // Not on this system: then 256 it is.
  }
}
