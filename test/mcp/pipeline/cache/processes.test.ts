import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createFileCache } from "../../../../src/mcp/pipeline/cache/file-cache.ts";
import { logTo } from "../../../log.ts";
import { keys, place, scope } from "./fixture.ts";
import { isWhole, mostBytes, names, valueAt } from "./values.ts";

const kills = Number(process.env["KILLS"] ?? 5);

test("two processes write, clear and are killed at any moment: a reader sees whole values of its own key only", async () => {
  using at = place();
  const said = join(at.dir, "said");
  const start = async (seed: number) => {
    const words = [process.execPath, join(import.meta.dir, "writer.ts"), at.dir, String(seed)];
    const writer = Bun.spawn(words, { stdout: "pipe", stderr: Bun.file(`${said}-${seed}`) });
    await writer.stdout.getReader().read();
    return writer;
  };
  const lines: string[] = [];
  const reader = createFileCache({
    ...keys,
    dir: at.dir,
    mostBytes,
    memoryBytes: 0,
    clock: { now: () => Date.now() },
    log: logTo((line) => lines.push(line)),
  });
  const writers = await Promise.all([start(1), start(50_000)]);
  const seeds = writers.map((_, n) => n * 50_000 + 1);
  const wrong: string[] = [];
  let seen = 0;
  try {
    for (let round = 0; round < kills; round++) {
      const end = performance.now() + 10 + ((round * 37) % 60);
      do {
        for (const name of names)
          for (const project of ["p0", "p1", "p2"]) {
            const value = await reader.get(scope(project, `u${round % 2}`), name);
            if (value === undefined) continue;
            seen++;
            if (!isWhole(name, value)) wrong.push(`${name}: ${value.slice(0, 40)}`);
          }
      } while (performance.now() < end);
      const which = round % 2;
      writers[which]?.kill("SIGKILL");
      await writers[which]?.exited;
      const seed = (seeds[which] ?? 0) + 1_000;
      seeds[which] = seed;
      writers[which] = await start(seed);
    }
  } finally {
    for (const writer of writers) writer.kill("SIGKILL");
    await Promise.all(writers.map(({ exited }) => exited));
  }
  expect(wrong).toEqual([]);
  expect(seen).toBeGreaterThan(0);
  expect(lines).toEqual([]);
  for (const file of at.files().filter((path) => path.startsWith(said))) expect(readFileSync(file, "utf8")).toBe("");
  // Whoever comes next is within the bound, whatever the dead left behind.
  await reader.close();
  const next = createFileCache({
    ...keys,
    dir: at.dir,
    mostBytes,
    clock: { now: () => Date.now() + 3_600_000 },
    log: logTo(() => {}),
  });
  const { bytes } = await next.stats();
  const left = at.files().filter((path) => !path.startsWith(said));
  expect(bytes).toBeLessThanOrEqual(mostBytes);
  expect(left.filter((path) => path.includes("new-"))).toEqual([]);
}, 60_000);

test("half a value, and two halves, would be seen", () => {
  const value = valueAt("key-1", 12_345);
  expect(isWhole("key-1", value)).toBe(true);
  expect(isWhole("key-2", value)).toBe(false);
  expect(isWhole("key-1", value.slice(0, -9))).toBe(false);
  expect(isWhole("key-1", value.slice(0, 5_000) + valueAt("key-1", 12_346).slice(5_000))).toBe(false);
});
