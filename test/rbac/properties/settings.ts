import { test } from "bun:test";
import fc from "fast-check";

/**
 * Every run draws its own seed and prints it; `SEED=… RUNS=…` plays the same ones again. `bun run properties` sets RUNS to 20,000,
 * `npm test` leaves it at a few hundred.
 */
const runs = Number(process.env["RUNS"] ?? 400);
export const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 0x7fffffff));

/** Declares a property as a test. It ends at the first counterexample, shrunk only by a few steps: worlds are small already. */
export function holds(name: string, property: fc.IAsyncProperty<unknown> | fc.IProperty<unknown>): void {
  test(name, async () => {
    const from = performance.now();
    const report = await fc.check(property as fc.IAsyncProperty<unknown>, { seed, numRuns: runs });
    if (report.failed) {
      const reason = report.errorInstance instanceof Error ? report.errorInstance.message : "it does not hold";
      throw new Error(`${reason}\nSEED=${seed} RUNS=${runs} ${JSON.stringify(report.counterexample)}`);
    }
    process.stdout.write(
      `${name}: ${report.numRuns} runs in ${Math.round(performance.now() - from)} ms, SEED=${seed}\n`,
    );
  }, 300_000);
}

/** Numbers out of one number: what fast-check draws stays small and is drawn fast, and a whole step is dropped at once when it shrinks. */
export type Dice = ReturnType<typeof diceOf>;
export function diceOf(start: number) {
  let state = start >>> 0;
  const below = (n: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
  return {
    below,
    /** Once in n. */
    once: (n: number): boolean => below(n) === 0,
    pick: <T>(list: readonly T[]): T => list[below(list.length)] as T,
    some: <T>(list: readonly T[], most: number): T[] =>
      Array.from({ length: below(most + 1) }, () => list[below(list.length)] as T),
  };
}

const number = fc.noBias(fc.nat(0x7fffffff));
/** A world and the steps that are taken in it, a number each. */
export const story = (steps: number): fc.Arbitrary<[number, number[]]> =>
  fc.tuple(number, fc.array(number, { minLength: 1, maxLength: steps, size: "max" }));
