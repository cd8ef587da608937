import { mostNames, others } from "./counters.ts";

/** In seconds. What is quicker than a millisecond is our own work; nothing is waited for beyond a few minutes. */
export const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const;

/** How many took at most as long as each bound, and longer than the one before; those beyond the last come last. */
export type Durations = { counts: readonly number[]; seconds: number };

export type CallDurations = ReturnType<typeof createDurations>;

/** How long calls took, by server. The only names are those that administrators give. */
export function createDurations() {
  const servers = new Map<string, { counts: number[]; seconds: number }>();

  function of(server: string): { counts: number[]; seconds: number } {
    const known = servers.get(server);
    if (known !== undefined) return known;
    const name = servers.size < mostNames ? server : others;
    const made = servers.get(name) ?? { counts: Array<number>(bounds.length + 1).fill(0), seconds: 0 };
    servers.set(name, made);
    return made;
  }

  return {
    add(server: string, ms: number): void {
      const durations = of(server);
      const seconds = ms / 1_000;
      let place = 0;
      while (place < bounds.length && seconds > (bounds[place] ?? 0)) place++;
      durations.counts[place] = (durations.counts[place] ?? 0) + 1;
      durations.seconds += seconds;
    },
    servers: (): ReadonlyMap<string, Durations> => servers,
  };
}
