import type { Clock } from "../lib/clock.ts";
import { Ending } from "../lib/ending.ts";
import type { Log } from "../lib/log.ts";
import { messageOf } from "../lib/problem.ts";
import { limiter, within } from "../lib/wait.ts";
import type { Health } from "../resources/instance.ts";
import { serverLimitsOf } from "../resources/limits.ts";
import type { ServerFields } from "../resources/server.ts";
import {
  dueAt,
  failuresInARow,
  healthOf,
  isLost,
  liveness,
  type Probe,
  type Row,
  rhythmOf,
  rowIn,
  type Verdict,
  withProbe,
} from "./health.ts";

/** What is looked at: a copy that runs, by its instance; a server that somebody else runs, by its own id. */
export type Watched = { id: string; server: { id: string; name: string; version: number; fields: ServerFields } };

/** `liveness` asks whether it answers, `check` whether its `healthCheck` passes. */
export type Look = "liveness" | "check";
type Rows = { liveness: Row; check?: Row };

export type HealthOptions = {
  /** All that is to answer at this moment: what sleeps or is stopped is not woken for a look. */
  watched: () => Promise<readonly Watched[]>;
  /** When it last answered anything at all, Unix milliseconds. */
  answeredAt: (id: string) => number | undefined;
  /** Asks through the very conversation that serves callers. Resolves to what is wrong, if anything is. */
  probe: (one: Watched, look: Look, options: { ending: Ending; timeoutMs: number }) => Promise<string | undefined>;
  /** It has not answered for as often as is borne; told once, until it has answered again. */
  lost: (one: Watched, reason: string) => void;
  /** It passed a look after one that it did not. */
  recovered: (one: Watched) => void;
  clock: Clock;
  log: Log;
};

/** The shortest interval that a check may have. */
const tickMs = 5_000;
/** So many are looked at at once: a hundred that hang hold up the others for a minute. */
const atOnce = 16;
const mostWaiting = 100_000;
/** What a look may take longer than its server is given, before it is taken for hung itself. */
const graceMs = 500;

/** Looks at everything that runs, again and again: whether it answers, and whether it works where its server says how to see that. */
export type HealthWatch = ReturnType<typeof createHealthWatch>;

export function createHealthWatch({ watched, answeredAt, probe, lost, recovered, clock, log }: HealthOptions) {
  const rows = new Map<string, Rows>();
  const told = new Map<string, Health>();
  const underWay = new Set<string>();
  const stopping = new Ending();
  const bounded = limiter(atOnce, mostWaiting, () => new Error("too many looks wait"));
  let timer: ReturnType<typeof setInterval> | undefined;

  /** A call that was answered since the last look was as good as a look. */
  function rowsOf(id: string): Rows {
    const own = rows.get(id) ?? { liveness: rowIn(liveness) };
    const at = answeredAt(id);
    const isNews = at !== undefined && at > (own.liveness.probes.at(-1)?.at ?? 0);
    return isNews ? { ...own, liveness: withProbe(own.liveness, { at }) } : own;
  }

  /** What there is to look at; a check that is another than before begins anew. */
  function keep({ id, server }: Watched): [Look, Row][] {
    const { healthCheck } = server.fields;
    const own = rowsOf(id);
    const begun = healthCheck === undefined ? undefined : rowIn(rhythmOf(healthCheck));
    const isSame = JSON.stringify(own.check?.rhythm) === JSON.stringify(begun?.rhythm);
    const check = isSame ? own.check : begun;
    const next: Rows = { liveness: own.liveness, ...(check === undefined ? {} : { check }) };
    rows.set(id, next);
    return Object.entries(next) as [Look, Row][];
  }

  /** Looks at all that are due; resolves when the last of these looks is over. */
  async function tick(): Promise<void> {
    const all = await watched();
    const ids = new Set(all.map(({ id }) => id));
    for (const id of rows.keys()) if (!ids.has(id)) forget(id);
    // A timer that comes a little early would otherwise miss a whole round.
    const now = clock.now() + tickMs / 2;
    const due = all.flatMap((one) =>
      keep(one).flatMap(([look, row]) => (dueAt(row) <= now ? [{ one, look, row }] : [])),
    );
    for (const one of all) tell(one, of(one.id));
    await Promise.all(due.map(({ one, look, row }) => lookOnce(one, look, row)));
  }

  function forget(id: string): void {
    rows.delete(id);
    told.delete(id);
  }

  /** One look of a kind at a time, however long it takes: none waits behind one that hangs. */
  async function lookOnce(one: Watched, look: Look, row: Row): Promise<void> {
    const place = `${look} ${one.id}`;
    if (underWay.has(place)) return;
    underWay.add(place);
    try {
      await bounded(() => lookAt(one, look, row));
    } finally {
      underWay.delete(place);
    }
  }

  async function lookAt(one: Watched, look: Look, { rhythm }: Row): Promise<void> {
    if (stopping.hasEnded) return;
    const at = clock.now();
    const longestMs = look === "check" ? rhythm.timeoutMs : serverLimitsOf(one.server.fields).callSeconds * 1000;
    const timeoutMs = Math.min(rhythm.timeoutMs, longestMs);
    const asked = probe(one, look, { ending: stopping, timeoutMs }).catch(messageOf);
    const outcome = await within(
      timeoutMs + graceMs,
      asked.then((failure) => ({ at, ...(failure === undefined ? {} : { failure }) })),
    );
    if (!stopping.hasEnded) note(one, look, outcome ?? { at, failure: `no answer within ${timeoutMs / 1000} s` });
  }

  function note(one: Watched, look: Look, found: Probe): void {
    const own = rows.get(one.id);
    const row = own?.[look];
    // It was let go of while it was looked at.
    if (own === undefined || row === undefined) return;
    const next = withProbe(row, found);
    rows.set(one.id, { ...own, [look]: next });
    tell(one, of(one.id));
    if (found.failure === undefined && failuresInARow(row) > 0) recovered(one);
    if (look === "liveness" && isLost(next) && !isLost(row))
      lost(one, `it failed its health check ${next.rhythm.threshold} times in a row: ${found.failure}`);
  }

  function tell({ id, server }: Watched, verdict: Verdict | undefined): void {
    const { health = "healthy", reason } = verdict ?? {};
    if (health === (told.get(id) ?? "healthy")) return;
    told.set(id, health);
    const why = reason === undefined ? {} : { reason };
    log[health === "healthy" ? "info" : "warn"]("health", { server: server.name, health, ...why });
  }

  /** Undefined before the first look. */
  function of(id: string): Verdict | undefined {
    const { liveness, check } = rowsOf(id);
    return healthOf(check === undefined ? [liveness] : [liveness, check]);
  }

  return {
    tick,
    of,
    start(): void {
      const onTick = () =>
        void tick().catch((error) => log.error("health cannot be looked at", { reason: messageOf(error) }));
      timer = setInterval(onTick, tickMs);
    },
    stop(): void {
      stopping.end();
      clearInterval(timer);
    },
  };
}
