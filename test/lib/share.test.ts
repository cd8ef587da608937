import { expect, test } from "bun:test";
import { inTurns, ShareOfTime } from "../../src/lib/share.ts";
import { turn } from "../../src/lib/wait.ts";

/** Works through messages that take so long each; answers how much time passed in all, by a clock of its own that only work and pauses move. */
async function worked(count: number, eachMs: number) {
  let ms = 0;
  const share = new ShareOfTime(undefined, () => ms);
  let pauses = 0;
  share.began();
  for (let n = 0; n < count; n++) {
    ms += eachMs;
    const turn = share.spent();
    if (turn === undefined) continue;
    pauses++;
    const from = performance.now();
    const ticking = setInterval(() => {
      ms += performance.now() - from - ticked;
      ticked = performance.now() - from;
    }, 1);
    let ticked = 0;
    await turn;
    clearInterval(ticking);
  }
  return { ms, pauses };
}

test("so many messages are read in one turn, or what two milliseconds hold", async () => {
  expect((await worked(255, 0)).pauses).toBe(0);
  expect((await worked(256 * 3, 0)).pauses).toBe(3);
  expect((await worked(10, 1)).pauses).toBe(5);
});

test("whoever goes on has a fifth of the time in the long run, one big answer is read without a wait", async () => {
  expect((await worked(1, 45)).ms).toBeLessThan(60);
  // 200 ms of work, of which 50 were saved up.
  expect((await worked(100, 2)).ms).toBeGreaterThan(600);
});

test("however many long things are under way, what is due meanwhile waits for one of them", async () => {
  function* work(): Generator<void, void> {
    for (const end = performance.now() + 60_000; performance.now() < end && steps < 400; steps++) {
      for (const until = performance.now() + 0.5; performance.now() < until; );
      yield;
    }
  }
  let steps = 0;
  let seen = 0;
  let most = 0;
  const looking = setInterval(() => {
    most = Math.max(most, steps - seen);
    seen = steps;
  }, 0);
  await turn();
  const worked = { ms: 0 };
  await Promise.all(Array.from({ length: 20 }, (_, n) => inTurns(work(), n === 0 ? worked : undefined)));
  clearInterval(looking);
  // Twenty at once take 80 steps in each turn, where each has its own share of it.
  expect(most).toBeLessThan(40);
  expect(worked.ms).toBeGreaterThan(1);
  expect(worked.ms).toBeLessThan(100);
});
