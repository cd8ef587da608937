import { expect, test } from "bun:test";
import { Patience } from "../../../src/mcp/upstream/patience.ts";

/** How long it took to be up, in rough steps of 50 ms; `with_` may touch it meanwhile. */
async function lasted(idleMs: number, longestMs: number, touch: (timer: Patience) => Promise<void>) {
  const up = Promise.withResolvers<number>();
  const begun = performance.now();
  const timer = new Patience(idleMs, longestMs, { isUp: () => up.resolve(performance.now() - begun) });
  await touch(timer);
  return await up.promise;
}

test("progress begins it anew, but not beyond the longest", async () => {
  const ms = await lasted(150, 400, async (timer) => {
    for (let n = 0; n < 20; n++) {
      await Bun.sleep(50);
      timer.progressed();
    }
  });
  expect(ms).toBeGreaterThan(350);
  expect(ms).toBeLessThan(1_000);
});

test("nothing passes while it is held, not of the longest either, until the last hold is released", async () => {
  const ms = await lasted(100, 100, async (timer) => {
    timer.hold();
    timer.hold();
    await Bun.sleep(100);
    timer.progressed();
    timer.release();
    await Bun.sleep(100);
    timer.release();
  });
  expect(ms).toBeGreaterThan(280);
});

test("it ends for good", async () => {
  let isUp = false;
  const timer = new Patience(20, 1_000, {
    isUp() {
      isUp = true;
    },
  });
  timer.hold();
  timer.end();
  timer.release();
  timer.progressed();
  await Bun.sleep(60);
  expect(isUp).toBe(false);
});

test("it may be endless", async () => {
  let isUp = false;
  const timer = new Patience(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, {
    isUp() {
      isUp = true;
    },
  });
  await Bun.sleep(30);
  expect(isUp).toBe(false);
  timer.end();
});
