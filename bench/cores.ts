import { cpus } from "node:os";

/** What is measured has a core to itself; upstream and load share the other. A start has both, as it has anywhere. */
const cores = { measured: "0", rest: "1", both: "0,1" } as const;
export type Core = keyof typeof cores;

/** Nothing is pinned where `taskset` is missing, nor where there is one core only. */
export const canPin = Bun.which("taskset") !== null && cpus().length > 1;

/** A command on one of the cores. */
export const on = (core: Core, command: readonly string[]): string[] =>
  canPin ? ["taskset", "-c", cores[core], ...command] : [...command];

/** Every thread of a process that runs already. */
export function pin(pid: number, core: Core): void {
  if (canPin) Bun.spawnSync(["taskset", "-a", "-c", "-p", cores[core], String(pid)], { stdout: "ignore" });
}
