import type { Health } from "../resources/instance.ts";
import type { HealthCheck } from "../resources/server-parts.ts";

/** One look at a server: when, and what was wrong, if anything was. */
export type Probe = { at: number; failure?: string };

/** How often is looked, how long an answer is waited for, and how many failures in a row make a server unhealthy. */
export type Rhythm = { intervalMs: number; timeoutMs: number; threshold: number };

/** Whether it answers at all: asked of every server that runs. */
export const liveness: Rhythm = { intervalMs: 15_000, timeoutMs: 10_000, threshold: 3 };

/** Whether it works, by a tool that its configuration names. */
export const rhythmOf = ({ intervalSeconds = 60, timeoutSeconds = 10, failureThreshold = 3 }: HealthCheck): Rhythm => ({
  intervalMs: intervalSeconds * 1000,
  timeoutMs: timeoutSeconds * 1000,
  threshold: failureThreshold,
});

/** The last probes of one kind, the newest last, and in which rhythm there are more. */
export type Row = { rhythm: Rhythm; probes: readonly Probe[] };

export const rowIn = (rhythm: Rhythm): Row => ({ rhythm, probes: [] });

/** As many are kept as decide. */
export const withProbe = ({ rhythm, probes }: Row, probe: Probe): Row => ({
  rhythm,
  probes: [...probes, probe].slice(-rhythm.threshold),
});

/** One good probe makes up for all before it. */
export function failuresInARow({ probes }: Row): number {
  return probes.length - 1 - probes.findLastIndex(({ failure }) => failure === undefined);
}

function levelOf(row: Row): Health {
  const failures = failuresInARow(row);
  return failures === 0 ? "healthy" : failures < row.rhythm.threshold ? "degraded" : "unhealthy";
}

/** When it is looked again: an interval after the last look, which for the first one is now. */
export const dueAt = ({ rhythm, probes }: Row): number => (probes.at(-1)?.at ?? -rhythm.intervalMs) + rhythm.intervalMs;

export const isLost = (row: Row): boolean => row.probes.length > 0 && levelOf(row) === "unhealthy";

/** `reason` is what was wrong at the last probe of the worst kind. */
export type Verdict = { health: Health; probedAt: number; nextProbeAt: number; reason?: string };

const worst: readonly Health[] = ["healthy", "degraded", "unhealthy"];

/** What the probes of all kinds come to: as bad as the worst of them, for its reason. Undefined before the first. */
export function healthOf(rows: readonly Row[]): Verdict | undefined {
  const looked = rows.filter(({ probes }) => probes.length > 0);
  const decisive = looked.toSorted((a, b) => worst.indexOf(levelOf(b)) - worst.indexOf(levelOf(a)))[0];
  if (decisive === undefined) return undefined;
  const reason = decisive.probes.at(-1)?.failure;
  return {
    health: levelOf(decisive),
    probedAt: Math.max(...looked.map(({ probes }) => probes.at(-1)?.at ?? 0)),
    nextProbeAt: Math.min(...rows.map(dueAt)),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** How a server fares out of its copies: callers of one that is not well are served badly, while the others serve theirs. */
export function healthOfAll(copies: readonly Verdict[]): Verdict | undefined {
  const [first] = copies.toSorted((a, b) => worst.indexOf(b.health) - worst.indexOf(a.health));
  if (first === undefined) return undefined;
  return copies.every(({ health }) => health === first.health) ? first : { ...first, health: "degraded" };
}
