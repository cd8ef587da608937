// Ten minutes of use with a server killed every five seconds: `bun bench/soak.ts`; `DURATION=120` seconds, `SEED=…` kills in the same order.
// Needs dist/mcpctl (`bun run build`). Samples the executable every five seconds; ends with 1 when processes, descriptors or memory grow.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, projectOf } from "../test/delivery/in-use.ts";
import { type RealServe, realServe } from "../test/delivery/real-serve.ts";
import { upstream, type Way } from "../test/delivery/upstreams.ts";
import { legacyClient } from "../test/mcp-client.ts";
import { diceOf, seed } from "../test/rbac/properties/settings.ts";
import { figuresOf } from "./process.ts";
import { type Sample, slopes } from "./slopes.ts";

const seconds = Number(process.env["DURATION"] ?? 600);
const [clients, killMs, sampleMs, healthMs] = [50, 5_000, 5_000, 250];
const ways: readonly Way[] = [
  ...Array<Way>(8).fill("stdio"),
  ...Array<Way>(6).fill("legacy"),
  ...Array<Way>(6).fill("modern"),
];
/** One in so many times a client opens a session; `SESSIONS=0` is never. What is left without a word is kept for ten minutes. */
const sessionsOneIn = Number(process.env["SESSIONS"] ?? 20);
/** A client's pause between two calls, at most. */
const pauseMs = 600;

const folder = mkdtempSync(join(tmpdir(), "mcpctl-soak-"));
const upstreams = ways.map((way, n) => upstream(folder, `${way}-${n}`, way));
const over = new AbortController();
const counts = { answered: 0, failed: 0, sessions: 0, kills: 0 };
let longestMs = 0;

/** One after the other: single calls, and sessions that are ended, or left without a word with their stream open. */
async function client(gateway: RealServe, token: string, n: number): Promise<void> {
  const dice = diceOf(seed + n);
  for (let made = 0; !over.signal.aborted; made++) {
    await Bun.sleep(dice.below(pauseMs));
    if (sessionsOneIn > 0 && dice.once(sessionsOneIn))
      await session(gateway, token, `client-${n}-${made}`, dice).catch(() => counts.failed++);
    else await single(gateway, token, dice.pick(upstreams).name, `client-${n}-${made}`, dice.below(20));
  }
}

async function single(gateway: RealServe, token: string, server: string, id: string, ms: number): Promise<void> {
  const answer = await call(gateway, token, server, { id, ms }).catch(() => undefined);
  if (answer?.json.result?.content === undefined) counts.failed++;
  else counts.answered++;
}

async function session(gateway: RealServe, token: string, id: string, dice: ReturnType<typeof diceOf>): Promise<void> {
  const socket = { url: gateway.url, fetch: (request: Request) => fetch(request) };
  const one = await legacyClient(socket, token);
  counts.sessions++;
  if (dice.once(2)) await one.listen();
  const name = `${dice.pick(upstreams).name}__count`;
  const { result } = await one.request("tools/call", { name, arguments: { id, ms: dice.below(20) } });
  if (result === undefined) counts.failed++;
  else counts.answered++;
  one.close();
}

async function every(ms: number, work: () => unknown): Promise<void> {
  while (!over.signal.aborted) {
    await Bun.sleep(ms);
    if (!over.signal.aborted) await work();
  }
}

try {
  await using gateway = await realServe();
  const token = await projectOf(gateway, upstreams);
  process.stdout.write(
    `${clients} clients, ${upstreams.length} servers, one killed every ${killMs / 1000} s, for ${seconds} s, SEED=${seed}\n`,
  );
  const [from, dice, samples] = [performance.now(), diceOf(seed), [] as Sample[]];
  setTimeout(() => over.abort(), seconds * 1000);
  await Promise.all([
    ...Array.from({ length: clients }, (_, n) => client(gateway, token, n)),
    every(killMs, () => {
      dice.pick(upstreams).kill();
      counts.kills++;
    }),
    every(healthMs, async () => {
      const asked = performance.now();
      await gateway.api("GET", "/healthz");
      longestMs = Math.max(longestMs, performance.now() - asked);
    }),
    every(sampleMs, () => {
      samples.push({ at: performance.now() - from, ...figuresOf(gateway.pid()), longestMs });
      longestMs = 0;
    }),
  ]);
  report(samples);
} finally {
  for (const each of upstreams) await each.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

function report(samples: readonly Sample[]): void {
  const raw = join(tmpdir(), `mcpctl-soak-${seed}.json`);
  writeFileSync(raw, JSON.stringify({ seed, seconds, counts, samples }));
  const rows = slopes(samples);
  for (const { figure, first, last, perHour, isFlat } of rows)
    process.stdout.write(
      `${figure.padEnd(12)} first third ${first.toFixed(1).padStart(8)}  last third ${last.toFixed(1).padStart(8)}  ` +
        `slope ${perHour.toFixed(1).padStart(8)} an hour  ${isFlat ? "flat" : "GROWS"}\n`,
    );
  const longest = Math.max(...samples.map((sample) => sample.longestMs));
  process.stdout.write(`${JSON.stringify(counts)}, /healthz at most ${longest.toFixed(0)} ms, samples in ${raw}\n`);
  const growing = rows.filter(({ isFlat }) => !isFlat).map(({ figure }) => figure);
  process.stdout.write(growing.length === 0 ? "soak: flat\n" : `soak: ${growing.join(", ")} grow\n`);
  process.exitCode = growing.length === 0 ? 0 : 1;
}
