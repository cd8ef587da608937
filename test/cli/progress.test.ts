import { expect, test } from "bun:test";
import type { Env } from "../../src/cli/environment.ts";
import { during, elapsed } from "../../src/cli/progress.ts";

/** Somebody at a terminal whose clock runs a hundred times as fast. */
function watched() {
  const lines: string[] = [];
  const begunAt = performance.now();
  const env = {
    statusLine: (text: string) => void lines.push(text),
    now: () => (performance.now() - begunAt) * 100,
  } as unknown as Env;
  return { env, lines };
}
const args = (quiet: boolean) => ({ has: (name: string) => name === "quiet" && quiet });

test("what takes over a second is told with the time it takes, and the line is gone at the end", async () => {
  const { env, lines } = watched();
  const done = await during("Starting evil\u001b[2J", args(false), env, async (say) => {
    await Bun.sleep(300);
    say("Listing");
    await Bun.sleep(250);
    return 7;
  });
  expect(done).toBe(7);
  expect(lines[0]).toMatch(/^\| Starting evil\ufffd\[2J \(\d+ s\)$/);
  expect(lines.at(-2)).toMatch(/^\/ Listing \(\d+ s\)$/);
  expect(lines.at(-1)).toBe("");
});

test("neither what is quick nor what should be quiet is told; a failure takes the line away too", async () => {
  const { env, lines } = watched();
  await during("x", args(false), env, async () => {});
  await during("x", args(true), env, () => Bun.sleep(300));
  expect(lines).toEqual([]);
  const failing = during("x", args(false), env, async () => {
    await Bun.sleep(300);
    throw new Error("no");
  });
  expect(await failing.catch((error: Error) => error.message)).toBe("no");
  expect(lines.at(-1)).toBe("");
});

test("time in words", () => {
  expect([999, 59_999, 125_000].map(elapsed)).toEqual(["0 s", "59 s", "2 min 5 s"]);
});
