import { printable } from "../lib/printable.ts";
import type { Resource } from "../resources/define.ts";
import type { Env } from "./environment.ts";
import { humane } from "./output.ts";

type Breaker = { state: string; failures: number; last?: string; retryAt?: string };

/** What is told of how a server, or one copy of it, fares: fields of an instance, or of a server's `status`. */
type Fares = {
  state?: string;
  copies?: string;
  reason?: string;
  pid?: number;
  container?: string;
  startedAt?: string;
  restarts?: number;
  nextTryAt?: string;
  health?: string;
  probedAt?: string;
  probeReason?: string;
  nextProbeAt?: string;
  breaker?: Breaker;
  exitCode?: number;
  signal?: string;
  stderr?: readonly string[];
};

/** The fields that `conditionOf` puts into words. */
export const toldInWords: ReadonlySet<string> = new Set([
  "copies",
  "reason",
  "pid",
  "container",
  "startedAt",
  "restarts",
  "nextTryAt",
  "health",
  "probedAt",
  "probeReason",
  "nextProbeAt",
  "breaker",
  "exitCode",
  "signal",
  "stderr",
]);

/** How it fares, for somebody who has never seen it before: a line for each thing that there is to say. */
export function conditionOf(item: Record<string, unknown>, env: Env): string[] {
  const it = item as Fares;
  const when = (at: string | undefined) => (at === undefined ? "" : env.isTerminal ? humane(at, env.now()) : at);
  const lines: [label: string, text: string | undefined][] = [
    ["State", stateOf(it)],
    ["Runs as", runsAs(it, when)],
    ["Restarts", it.restarts === undefined ? undefined : String(it.restarts)],
    ["Next start", it.nextTryAt === undefined ? undefined : when(it.nextTryAt)],
    ["Ended", endOf(it)],
    ["Health", healthOf(it, when)],
    ["Breaker", it.breaker === undefined ? undefined : breakerOf(it.breaker, when)],
  ];
  const told = lines.flatMap(([label, text]) =>
    text === undefined ? [] : [`${`${label}:`.padEnd(12)}${printable(text)}`],
  );
  const stderr = it.stderr ?? [];
  return stderr.length === 0
    ? told
    : [...told, "Last lines on standard error:", ...stderr.map((line) => `  | ${printable(line)}`)];
}

type When = (at: string | undefined) => string;

const stateOf = ({ state, copies, reason }: Fares): string | undefined =>
  state === undefined
    ? undefined
    : `${state}${copies === undefined ? "" : `, ${copies} copies`}${reason === undefined ? "" : `: ${reason}`}`;

function runsAs({ pid, container, startedAt }: Fares, when: When): string | undefined {
  const what = pid !== undefined ? `process ${pid}` : container !== undefined ? `container ${container}` : undefined;
  return what === undefined ? undefined : `${what}, started ${when(startedAt)}`;
}

const endOf = ({ state, exitCode, signal }: Fares): string | undefined =>
  state === "RUNNING" || (exitCode === undefined && signal === undefined)
    ? undefined
    : signal === undefined
      ? `with exit code ${exitCode}`
      : `by signal ${signal}`;

function healthOf({ health, probedAt, probeReason, nextProbeAt }: Fares, when: When): string | undefined {
  if (health === undefined) return undefined;
  const why = probeReason === undefined ? "" : `: ${probeReason}`;
  return `${health}${why} (looked at ${when(probedAt)}, next ${when(nextProbeAt)})`;
}

/** A breaker is told of in what it does: the word for it is one of a trade. */
function breakerOf({ state, failures, last, retryAt }: Breaker, when: When): string {
  const row = `${failures === 1 ? "once" : `${failures} times in a row`} without an answer${last === undefined ? "" : ` (last: ${last})`}`;
  if (state === "open") return `open, calls fail at once: ${row}; the next call tries again ${when(retryAt)}`;
  if (state === "half-open") return `half-open, one call is trying: ${row}`;
  return failures === 0 ? "closed, calls go through" : `closed, calls go through; ${row}`;
}

/** Blocks of `describe` for the copies of a server. */
export function copiesBlock(instances: readonly Resource[], env: Env): string[] {
  if (instances.length === 0) return [];
  return [
    "Instances:",
    ...instances.flatMap((instance) => [
      `  ${printable(instance.name)}`,
      ...conditionOf(instance, env).map((line) => `    ${line}`),
    ]),
  ];
}
