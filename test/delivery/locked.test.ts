import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diceOf, seed } from "../rbac/properties/settings.ts";
import { heldFor } from "./database.ts";
import { inUse, isWellRefused, projectOf, recovered } from "./in-use.ts";
import { createLedger } from "./ledger.ts";
import { type Answer, realServe } from "./real-serve.ts";
import { upstream } from "./upstreams.ts";
import { readAll, writeAll } from "./writers.ts";

const lockedMs = 3_000;

const folder = mkdtempSync(join(tmpdir(), "mcpctl-locked-"));
const upstreams = (["stdio", "legacy"] as const).map((way) => upstream(folder, way, way));
afterAll(async () => {
  for (const each of upstreams) await each.stop();
  rmSync(folder, { recursive: true });
});

test("while another process holds the database calls and reads go on, and writes are refused in words", async () => {
  await using gateway = await realServe();
  const token = await projectOf(gateway, upstreams);
  const [ledger, over] = [createLedger(), new AbortController()];
  const refusals: Answer[] = [];
  const use = inUse(gateway, token, upstreams, over.signal);
  const refused = (_: string, answer: Answer) => void refusals.push(answer);
  const writing = writeAll({ ledger, gateway, signal: over.signal, refused }, (n) => diceOf(seed + n));
  await gateway.until("it is in use", async () => use.calls() > 20 && ledger.counts().acknowledged > 20);
  const before = { calls: use.calls(), acknowledged: ledger.counts().acknowledged };
  await heldFor(gateway.dataDir, lockedMs);
  const meanwhile = use.calls() - before.calls;
  const backMs = await recovered(gateway);
  over.abort();
  const wrong = await use.over;
  await writing;
  process.stdout.write(
    `locked for ${lockedMs} ms: ${meanwhile} calls meanwhile, ${refusals.length} writes refused, back after ${backMs.toFixed(0)} ms\n`,
  );
  expect([wrong, refusals.filter((answer) => !isWellRefused(answer))]).toEqual([[], []]);
  expect(refusals.length).toBeGreaterThan(0);
  // Waiting within SQLite let through one call for each write that waited.
  expect(meanwhile).toBeGreaterThan(refusals.length * 3);
  expect(ledger.compare(await readAll(gateway))).toEqual([]);
}, 60_000);
