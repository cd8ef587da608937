import { expect, test } from "bun:test";
import { Problem } from "../../src/lib/problem.ts";
import { createWatch } from "../../src/server/watch.ts";

const busy = new Problem("unavailable", "The database is busy");

/** A watch over a database that answers as it is told: with nothing, which lets everything stay open, or with a problem. */
function watching() {
  let answer: Problem | undefined;
  const db = {
    read: async () => {
      if (answer !== undefined) throw answer;
      return undefined as never;
    },
  };
  const watch = createWatch(db, Buffer.alloc(32), { now: () => 0 }, 1);
  return { watch, answerWith: (problem: Problem | undefined) => void (answer = problem) };
}

test("a moment without an answer ends nothing, a long time without one ends what is open, and that once", async () => {
  const { watch, answerWith } = watching();
  const refused: string[] = [];
  const release = watch.keep(
    "x",
    function* () {},
    (why) => void refused.push(why.code),
  );
  answerWith(busy);
  await Bun.sleep(8);
  answerWith(undefined);
  await Bun.sleep(20);
  expect([refused, watch.size()]).toEqual([[], 1]);
  answerWith(busy);
  for (const end = performance.now() + 2_000; refused.length === 0 && performance.now() < end; ) await Bun.sleep(5);
  await Bun.sleep(10);
  expect([refused, watch.size()]).toEqual([["unavailable"], 0]);
  release();
});

test("a refusal ends it at once", async () => {
  const { watch, answerWith } = watching();
  const refused: string[] = [];
  watch.keep(
    "x",
    function* () {},
    (why) => void refused.push(why.code),
  );
  answerWith(new Problem("unauthenticated", "revoked"));
  for (const end = performance.now() + 2_000; refused.length === 0 && performance.now() < end; ) await Bun.sleep(2);
  expect([refused, watch.size()]).toEqual([["unauthenticated"], 0]);
});
