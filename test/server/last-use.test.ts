import { expect, test } from "bun:test";
import { lastUses } from "../../src/server/last-use.ts";
import type { Database } from "../../src/storage/op.ts";

test("a first use is written at once, one in steady use once a minute, and the last at the end", async () => {
  const written: unknown[] = [];
  const db: Pick<Database, "writeBehind"> = {
    writeBehind: async (operation) => {
      const steps = operation();
      for (let step = steps.next([]); ; step = steps.next([])) {
        if (step.done === true) return step.value;
        written.push(step.value.values);
      }
    },
  };
  const clock = { at: 1_000, now: () => clock.at };
  const uses = lastUses(db, clock, 2);
  const after = async (ms: number) => {
    clock.at += ms;
    uses.note("a");
    await Bun.sleep(20);
    return written.splice(0);
  };
  expect(await after(0)).toEqual([[1_000, "a"]]);
  expect(await after(30_000)).toEqual([]);
  expect(await after(30_000)).toEqual([[61_000, "a"]]);
  expect(await after(1)).toEqual([]);
  uses.stop();
  await uses.flush();
  expect(written).toEqual([[61_001, "a"]]);
});

test("a use that the disk did not take is written later, and keeps nobody from closing", async () => {
  const disk = { isFull: true, writes: 0 };
  const writeBehind = async () => {
    if (disk.isFull) throw new Error("the disk is full");
    disk.writes++;
  };
  const clock = { at: 1_000, now: () => clock.at };
  const uses = lastUses({ writeBehind } as unknown as Pick<Database, "writeBehind">, clock, 2);
  uses.note("a");
  await Bun.sleep(20);
  await uses.flush();
  disk.isFull = false;
  clock.at += 60_000;
  await Bun.sleep(20);
  expect(disk.writes).toBe(1);
  uses.stop();
});
