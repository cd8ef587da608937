import { existsSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { diceOf } from "../rbac/properties/settings.ts";
import { changesTold, faultsOf } from "./database.ts";
import { createLedger } from "./ledger.ts";
import { type Answer, type RealServe, realServe } from "./real-serve.ts";
import { base, readAll, writeAll } from "./writers.ts";

/** It is killed after so many acknowledged writes and so many ms, at most; and once in so many times while it starts. */
const [mostWrites, mostMs, earlyOneIn] = [12, 20, 12];

export type Crashes = { cycles: number; acknowledged: number; unanswered: number; startMs: number[]; faults: string[] };
type Plan = {
  seed: number;
  cycles: number;
  until: number;
  /** What a disk that lies would do to the data between the kill and the next start. */
  afterKill?: (dataDir: string) => void;
};

/** Kills it again and again while it is written to, on one data folder, and looks each time at what is there afterwards. */
export async function crash({ seed, cycles, until, afterKill = () => {} }: Plan): Promise<Crashes> {
  await using gateway = await realServe();
  await gateway.must("POST", "/api/v1/apply", { documents: [base] });
  const ledger = createLedger();
  const dice = diceOf(seed);
  const startMs: number[] = [];
  const faults: string[] = [];
  let done = 0;
  while (done < cycles && performance.now() < until && faults.length === 0) {
    const over = new AbortController();
    const refused = (what: string, { status, json }: Answer) =>
      faults.push(`${what} was refused: ${status} ${JSON.stringify(json)}`);
    const writing = writeAll({ ledger, gateway, signal: over.signal, refused }, (n) => diceOf(seed + 100 * done + n));
    const enough = ledger.counts().acknowledged + dice.below(mostWrites);
    await gateway.until("it writes", async () => ledger.counts().acknowledged >= enough || faults.length > 0);
    await Bun.sleep(dice.below(mostMs));
    await gateway.kill();
    over.abort();
    await writing;
    afterKill(gateway.dataDir);
    if (dice.once(earlyOneIn)) await killedEarly(gateway, dice.below(100));
    startMs.push(await gateway.start());
    const compared = readAll(gateway).then(ledger.compare, (error: unknown) => [String(error)]);
    faults.push(...(await compared), ...faultsOf(gateway.dataDir));
    done++;
  }
  await gateway.kill("SIGTERM");
  faults.push(...ledger.compareLog(changesTold(gateway.dataDir)), ...chainFaults(gateway));
  const { acknowledged, unanswered } = ledger.counts();
  return { cycles: done, acknowledged, unanswered, startMs, faults };
}

async function killedEarly(gateway: RealServe, afterMs: number): Promise<void> {
  const started = gateway.start();
  await Bun.sleep(afterMs);
  await gateway.kill();
  await started;
}

/** Asked of the command line, as a person would. */
function chainFaults({ executable, dataDir, home }: RealServe): string[] {
  const words = ["audit", "verify", "--data-dir", dataDir];
  const { exitCode, stdout, stderr } = Bun.spawnSync([executable, ...words], { env: { HOME: home } });
  return exitCode === 0 ? [] : [`audit verify: ${stdout}${stderr}`];
}

/** The last third of what was written since the checkpoint is no more. */
export function withoutTheLast(dataDir: string): void {
  const log = join(dataDir, "mcpctl.db-wal");
  if (existsSync(log)) truncateSync(log, Math.floor((statSync(log).size * 2) / 3));
}
