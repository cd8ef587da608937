import { selfCommand } from "./self.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Bun lets 256 requests of `fetch` be under way, open streams included, and makes all others wait. Our own client to servers has no such bound, but
 * behind a proxy it is `fetch` that goes, and two servers that hang would stop every other one.
 */
const fetches = { BUN_CONFIG_MAX_HTTP_REQUESTS: "65535" };
/**
 * Bun's allocator gives memory back a tenth of a second after it became free, and even holes in what is in use; the next call takes it again, a page
 * fault each. A third of a small call and half of a long one were spent on that (docs/performance.md). What nobody needed for three seconds is given back all the same.
 */
const memory = { MIMALLOC_PURGE_DELAY: "3000", MIMALLOC_PURGE_HOLES: "0" };
/**
 * Bun collects garbage once a second wherever anything happened, which takes 2 to 4 ms each time, and whoever calls at that moment waits. Once in ten
 * is enough: where much is made it is collected for being much, every few megabytes.
 */
const garbage = { BUN_GC_TIMER_INTERVAL: "10000" };
/**
 * The last of the engine's compilers takes a second for what a call runs through, and makes it cheaper by a fifteenth. By default that begins with the
 * 7,000th call, on the core that serves; so it pays only where some hundred thousand more come. Here it waits for twenty times as many.
 */
const compiling = { BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "2000000" };

/** What a server wants of its environment that is not said there yet. What somebody has said stays. */
export function lackingIn(env: Environment): Record<string, string> {
  const isProxied = proxyVariables.some((name) => env[name]);
  const wanted = { ...memory, ...garbage, ...compiling, ...(isProxied && fetches) };
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => env[name] === undefined));
}

/** All are read once, when a process starts. So we become ourselves again, the same process, where they are not set. */
export function becomeSpacious(args: readonly string[]): void {
  const lacking = lackingIn(process.env);
  if (Object.keys(lacking).length === 0) return;
  const again = againAs(selfCommand(process.execPath), process.execArgv, args);
  try {
    process.execve?.(process.execPath, again, { ...process.env, ...lacking } as Record<string, string>);
  } catch {
    // Not on this system: then it is as Bun has it.
  }
}

/** What names a proxy that is to connect in our place, for `fetch` as for us. */
export const proxyVariables: readonly string[] = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"];

/** Bun's own flags are given again where Bun is the program. A compiled one has them from BUN_OPTIONS, which stays, and takes all words for its own. */
export function againAs(command: readonly string[], bunFlags: readonly string[], args: readonly string[]): string[] {
  const [program = "", ...main] = command;
  return [program, ...(main.length === 0 ? [] : bunFlags), ...main, ...args];
}
