import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diceOf, seed } from "../rbac/properties/settings.ts";
import { callsTold, changesTold, faultsOf } from "./database.ts";
import { forbiddenDisk, smallDisk } from "./disk.ts";
import { inUse, isWellRefused, projectOf, recovered } from "./in-use.ts";
import { createLedger } from "./ledger.ts";
import { type Answer, realServe } from "./real-serve.ts";
import { upstream } from "./upstreams.ts";
import { readAll, writeAll } from "./writers.ts";

/** How often the disk is full: `MOMENTS=100 bun test test/delivery/disk-full.test.ts` for longer. */
const moments = Number(process.env["MOMENTS"] ?? 4);
const recoveryMs = 5_000;

const folder = mkdtempSync(join(tmpdir(), "mcpctl-full-"));
const upstreams = (["stdio", "legacy", "modern"] as const).map((way) => upstream(folder, way, way));
const disks = [smallDisk(), forbiddenDisk()].filter((disk) => disk !== undefined);
afterAll(async () => {
  for (const each of upstreams) await each.stop();
  for (const disk of disks) disk.remove();
  rmSync(folder, { recursive: true });
});

/** Longer than any pause between two attempts to write the audit log. */
const longMs = 5_000;

test.each(disks.map((disk) => [disk.name, disk] as const))(
  "%s, at random moments: calls and reads go on, writes are refused in words, nothing is lost",
  async (_, disk) => {
    await using gateway = await realServe({ dataDir: disk.dataDir });
    const token = await projectOf(gateway, upstreams);
    const [dice, ledger, over] = [diceOf(seed), createLedger(), new AbortController()];
    const refusals: Answer[] = [];
    const before = callsTold(disk.dataDir);
    const use = inUse(gateway, token, upstreams, over.signal);
    const refused = (_what: string, answer: Answer) => void refusals.push(answer);
    const writing = writeAll({ ledger, gateway, signal: over.signal, refused }, (n) => diceOf(seed + n));
    const recoveries: number[] = [];
    for (let moment = 0; moment < moments; moment++) {
      await Bun.sleep(50 + dice.below(200));
      disk.fill(gateway.pid());
      await Bun.sleep(moment === 0 ? longMs : 100 + dice.below(400));
      disk.free(gateway.pid());
      recoveries.push(await recovered(gateway));
    }
    over.abort();
    const wrong = await use.over;
    await writing;
    process.stdout.write(
      `${disk.name}, ${moments} times: ${use.calls()} calls, ${JSON.stringify(ledger.counts())}, ` +
        `back after ${Math.round(Math.max(...recoveries))} ms at the latest, SEED=${seed}\n`,
    );
    expect([seed, wrong, refusals.filter((answer) => !isWellRefused(answer))]).toEqual([seed, [], []]);
    expect(refusals.length).toBeGreaterThan(0);
    expect(Math.max(...recoveries)).toBeLessThan(recoveryMs);
    await gateway.until("every call is in the audit log", async () => callsTold(disk.dataDir) - before === use.calls());
    await gateway.kill();
    await gateway.start();
    const compared = ledger.compare(await readAll(gateway));
    expect([...compared, ...ledger.compareLog(changesTold(disk.dataDir)), ...faultsOf(disk.dataDir)]).toEqual([]);
  },
  60_000 + moments * 5_000,
);
