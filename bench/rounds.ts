import type { Driven } from "./load/drive.ts";
import { connectionsTo, rssMbOf, workOf } from "./process.ts";
import type { Figures } from "./results.ts";
import { quantile } from "./slopes.ts";

/** What one target does in each round, and the process whose work that is. */
export type Turn = {
  target: string;
  pid: number;
  go: () => Promise<Driven>;
  /** How long it goes on with what was asked of it, such as writing the audit log. */
  settleMs: number;
  /** Where its connections to are counted. */
  upstream?: number;
  /** A program of other people: where it fails it is told of and left out. */
  isPeer?: boolean;
};

const longestMs = 60_000;

const median = (list: readonly number[]) => quantile(list, 0.5);

/** Targets take turns within each round, since machines are noisy; some rounds before the first warm up. Of each figure the median counts. */
export async function inTurns(turns: readonly Turn[], rounds: number, before = 2): Promise<Map<string, Figures>> {
  const measured = new Map(turns.map(({ target }) => [target, [] as Required<Measured>[]]));
  for (let round = -before; round < rounds; round++)
    for (const turn of turns) {
      if (!measured.has(turn.target)) continue;
      const figures = await one(turn).catch((error: Error) => leftOut(turn, error));
      if (figures === undefined) measured.delete(turn.target);
      else if (round >= 0) measured.get(turn.target)?.push(figures);
    }
  return new Map([...measured].map(([target, list]) => [target, medians(list)]));
}

function leftOut({ target, isPeer }: Turn, error: Error): undefined {
  if (isPeer !== true) throw error;
  process.stdout.write(`without ${target}: ${error.message}\n`);
}

type Measured = Pick<Figures, "cpu" | "p50" | "p95" | "p99" | "rate" | "rssMb" | "connections">;

/** @throws when a turn takes longer than anything here may */
async function inTime<T>(target: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${target} does not come to an end`)), longestMs);
  return await Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}

async function one({ target, pid, go, settleMs, upstream }: Turn): Promise<Required<Measured>> {
  const before = workOf(pid);
  const { times, seconds } = await inTime(target, go());
  const connections = upstream === undefined ? Number.NaN : connectionsTo(pid, upstream);
  await Bun.sleep(settleMs);
  const worked = workOf(pid) - before;
  const sorted = [...times].sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.floor(sorted.length * q)] ?? Number.NaN;
  return {
    cpu: (worked / times.length) * 10,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    rate: times.length / seconds,
    rssMb: rssMbOf(pid),
    connections,
  };
}

function medians(list: readonly Required<Measured>[]): Figures {
  const names = Object.keys(list[0] ?? {}) as (keyof Measured)[];
  const all = names.map((name) => [name, median(list.map((figures) => figures[name]))] as const);
  return Object.fromEntries(all.filter(([, value]) => !Number.isNaN(value)));
}
