import { expect, test } from "bun:test";
import { createAuditQueue, queueLimits } from "../../src/operations/audit-queue.ts";
import type { AuditEntry } from "../../src/resources/audit.ts";
import { logTo } from "../log.ts";

const entry = (n: number): AuditEntry => ({
  at: n,
  kind: "call",
  outcome: "ok",
  actor: { subject: "User:a" },
  tool: String(n),
});

function queue() {
  const lines: string[] = [];
  const log = logTo((line) => void lines.push(line));
  const disk = { batches: [] as AuditEntry[][], isFull: false, settled: 0 };
  const write = async (entries: readonly AuditEntry[]) => {
    if (disk.isFull) throw new Error("the disk is full");
    disk.batches.push([...entries]);
  };
  const settle = async () => {
    disk.settled = disk.batches.length;
  };
  return { ...createAuditQueue({ write, settle, clock: { now: () => 7 }, log }), disk, lines };
}
const toolsIn = (batches: AuditEntry[][]) => batches.flat().flatMap(({ tool }) => tool ?? []);

test("what is noted is written soon, by itself, in order and in one batch", async () => {
  const { add, disk } = queue();
  for (let n = 0; n < 5; n++) add(entry(n));
  expect(disk.batches).toEqual([]);
  await Bun.sleep(queueLimits.delayMs + 50);
  expect(disk.batches.map((batch) => batch.length)).toEqual([5]);
  expect(toolsIn(disk.batches)).toEqual(["0", "1", "2", "3", "4"]);
});

test("with very many the time is not waited for; they are written in pieces, and the disk is waited for once", async () => {
  const { add, disk } = queue();
  // Set before the queue could set its own, so that however busy the machine is, it tells what was written without that.
  const time = Promise.withResolvers<number>();
  setTimeout(() => time.resolve(disk.batches.length), queueLimits.delayMs);
  const count = queueLimits.early + 1;
  for (let n = 0; n < count; n++) add(entry(n));
  expect(await time.promise).toBeGreaterThan(0);
  for (let waits = 0; toolsIn(disk.batches).length < count && waits < 500; waits++) await Bun.sleep(1);
  expect(Math.max(...disk.batches.map((batch) => batch.length))).toBe(queueLimits.batch);
  expect(toolsIn(disk.batches)).toEqual(Array.from({ length: count }, (_, n) => String(n)));
  expect(disk.settled).toBe(disk.batches.length);
});

test("a full disk loses nothing while there is room, throws into nobody, and is tried again by itself", async () => {
  const { add, flush, disk, lines } = queue();
  disk.isFull = true;
  for (let n = 0; n < 300; n++) add(entry(n));
  await flush();
  await flush();
  expect(disk.batches).toEqual([]);
  expect(lines.filter((line) => line.includes("cannot be written"))).toHaveLength(1);
  disk.isFull = false;
  add(entry(300));
  await flush();
  expect(toolsIn(disk.batches)).toEqual(Array.from({ length: 301 }, (_, n) => String(n)));
});

test("beyond its bound newcomers are dropped, counted, and told in the log itself", async () => {
  const { add, flush, disk, lines } = queue();
  disk.isFull = true;
  for (let n = 0; n < queueLimits.entries + 25; n++) add(entry(n));
  await flush();
  disk.isFull = false;
  await flush();
  expect(toolsIn(disk.batches)).toHaveLength(queueLimits.entries);
  const notices = disk.batches.flat().filter(({ kind }) => kind === "notice");
  expect(notices).toMatchObject([{ action: "dropped", detail: { count: 25 } }]);
  expect(lines.filter((line) => line.includes("events are dropped"))).toHaveLength(1);
  add(entry(1));
  await flush();
  expect(disk.batches.flat().filter(({ kind }) => kind === "notice")).toHaveLength(1);
});

test("flushes that overlap write nothing twice; closing writes the rest", async () => {
  const { add, flush, close, disk } = queue();
  add(entry(0));
  const both = [flush(), flush()];
  add(entry(1));
  await Promise.all(both);
  add(entry(2));
  await close();
  expect(toolsIn(disk.batches)).toEqual(["0", "1", "2"]);
});

test("closing on a full disk says what was lost, with what was dropped before", async () => {
  const { add, close, disk, lines } = queue();
  disk.isFull = true;
  for (let n = 0; n < queueLimits.entries + 25; n++) add(entry(n));
  await close();
  expect(lines.at(-1)).toContain("audit events were lost");
  expect(lines.at(-1)).toContain(String(queueLimits.entries + 25));
});
