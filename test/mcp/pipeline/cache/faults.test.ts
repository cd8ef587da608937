import { expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { smallDisk } from "../../../delivery/disk.ts";
import { logTo } from "../../../log.ts";
import { place, scope } from "./fixture.ts";

const value = "v".repeat(500);

/** What somebody or something does to the one file that there is; `other` is another entry's. */
const damages: Record<string, (file: string, other: string) => void> = {
  "cut off in its header": (file) => truncateSync(file, 20),
  "cut off in its text": (file) => truncateSync(file, 300),
  empty: (file) => truncateSync(file, 0),
  "longer than it was": (file) => writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from("x")])),
  "another scope's file": (file, other) => copyFileSync(other, file),
  "another format": (file) => writeFileSync(file, flipped(readFileSync(file), 4 * 8)),
  "a link to another's": (file, other) => {
    unlinkSync(file);
    symlinkSync(other, file);
  },
  "far too big": (file) => truncateSync(file, 1 << 27),
};

const flipped = (bytes: Buffer, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
};

async function two(at: ReturnType<typeof place>): Promise<[mine: string, other: string]> {
  const cache = at.open();
  cache.put(scope("p", "alice"), "k", value);
  await cache.settled();
  const [mine = ""] = at.files();
  cache.put(scope("p", "bob"), "k", "bob's".repeat(100));
  await cache.close();
  return [mine, at.files().find((file) => file !== mine) ?? ""];
}

test.each(Object.entries(damages))("a file that is %s is a miss, and gone", async (_, damage) => {
  using at = place();
  const [mine, other] = await two(at);
  damage(mine, other);
  const cache = at.open();
  expect(await cache.get(scope("p", "alice"), "k")).toBeUndefined();
  await cache.close();
  expect(existsSync(mine)).toBe(false);
  expect(await at.open().get(scope("p", "bob"), "k")).toBe("bob's".repeat(100));
});

test("no bit of a file can be another", async () => {
  using at = place();
  const [mine] = await two(at);
  const bytes = readFileSync(mine);
  const header = Array.from({ length: 100 * 8 }, (_, bit) => bit);
  const rest = Array.from({ length: 40 }, (_, n) => bytes.length * 8 - 1 - n * 37);
  const cache = at.open({ memoryBytes: 0 });
  await cache.settled();
  const survived: number[] = [];
  for (const bit of [...header, ...rest]) {
    writeFileSync(mine, flipped(bytes, bit));
    if ((await cache.get(scope("p", "alice"), "k")) !== undefined) survived.push(bit);
  }
  expect(survived).toEqual([]);
  await cache.settled();
  writeFileSync(mine, bytes);
  expect(await cache.get(scope("p", "alice"), "k")).toBe(value);
});

test("a project's folder that is a link is not followed, neither to read nor to write nor to clear", async () => {
  using at = place();
  const [mine] = await two(at);
  const [folder, away] = [dirname(mine), join(at.dir, "away")];
  mkdirSync(away);
  copyFileSync(mine, join(away, mine.slice(folder.length + 1)));
  rmSync(folder, { recursive: true });
  symlinkSync(away, folder);
  const cache = at.open();
  expect(await cache.get(scope("p", "alice"), "k")).toBeUndefined();
  await cache.clear();
  cache.put(scope("p", "alice"), "other", value);
  await cache.close();
  expect(at.files().filter((file) => file.startsWith(away))).toHaveLength(1);
  expect(await at.open().get(scope("p", "alice"), "other")).toBe(value);
});

test("what is not ours in the folder is left alone, and a half of ours is taken away", async () => {
  using at = place();
  const [mine] = await two(at);
  const strange = join(dirname(mine), "notes.txt");
  const half = join(dirname(mine), `new-${"0".repeat(16)}`);
  for (const file of [strange, half]) writeFileSync(file, "x");
  utimesSync(half, at.time.now / 1000, at.time.now / 1000);
  await at.open().settled();
  expect(existsSync(half)).toBe(true);
  at.time.now += 3_600_000;
  await at.open().settled();
  expect(existsSync(half)).toBe(false);
  expect(await at.open().clear()).toBe(2);
  expect(existsSync(strange)).toBe(true);
});

/** A folder in which nothing can be written. */
const obstacles: Record<string, (dir: string) => void> = {
  "a file in its place": (dir) => {
    rmSync(join(dir, "pipeline"), { recursive: true });
    writeFileSync(join(dir, "pipeline"), "");
  },
  ...(process.getuid?.() !== 0 && {
    "a folder that is read only": (dir: string) => {
      for (const path of [...new Bun.Glob("pipeline/*").scanSync({ cwd: dir, onlyFiles: false })])
        chmodSync(join(dir, path), 0o500);
    },
  }),
};

test.each(Object.entries(obstacles))(
  "with %s everything goes on in memory, and the log says so once",
  async (_, obstruct) => {
    using at = place();
    await two(at);
    const lines: string[] = [];
    const cache = at.open({ log: logTo((line) => lines.push(line)) });
    await cache.settled();
    obstruct(at.dir);
    for (let n = 0; n < 5; n++) {
      cache.put(scope("p"), `k${n}`, value);
      await cache.settled();
      expect(await cache.get(scope("p"), `k${n}`)).toBe(value);
      expect(await cache.get(scope("p"), `no-${n}`)).toBeUndefined();
    }
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(at.dir);
    at.time.now += 60_000;
    cache.put(scope("p"), "again", value);
    await cache.settled();
    expect(lines).toHaveLength(2);
    expect(await cache.clear()).toBeGreaterThan(0);
    await cache.close();
  },
);

test("a folder that was taken away is made again", async () => {
  using at = place();
  const cache = at.open();
  cache.put(scope("p"), "k", value);
  await cache.settled();
  rmSync(join(at.dir, "pipeline"), { recursive: true });
  cache.put(scope("p"), "k2", value);
  await cache.close();
  const again = at.open();
  expect(await again.get(scope("p"), "k2")).toBe(value);
  expect(await again.get(scope("p"), "k")).toBeUndefined();
});

const disk = smallDisk();
test.skipIf(disk === undefined)(
  "on a disk that is full the latest stay in memory, and what is there can be read",
  async () => {
    using at = place();
    if (disk === undefined) return;
    const lines: string[] = [];
    try {
      const cache = at.open({ dir: disk.dataDir, log: logTo((line) => lines.push(line)) });
      cache.put(scope("p"), "before", value);
      await cache.settled();
      disk.fill(0);
      cache.put(scope("p"), "after", "x".repeat(100_000));
      await cache.settled();
      expect(lines.join()).toContain("ENOSPC");
      expect(await cache.get(scope("p"), "after")).toBe("x".repeat(100_000));
      await cache.close();
      const again = at.open({ dir: disk.dataDir });
      expect(await again.get(scope("p"), "before")).toBe(value);
      expect(await again.get(scope("p"), "after")).toBeUndefined();
      expect([...new Bun.Glob("**/new-*").scanSync(disk.dataDir)]).toEqual([]);
      disk.free(0);
      again.put(scope("p"), "later", value);
      await again.close();
      expect(await at.open({ dir: disk.dataDir }).get(scope("p"), "later")).toBe(value);
    } finally {
      disk.remove();
    }
  },
);

test("what another process clears or takes out is no error", async () => {
  using at = place();
  const lines: string[] = [];
  const options = { memoryBytes: 0, log: logTo((line) => lines.push(line)) };
  const [one, two] = [at.open(options), at.open(options)];
  for (let n = 0; n < 20; n++) {
    one.put(scope("p"), `k${n}`, value);
    two.put(scope("p"), `k${n}`, value);
    if (n % 3 === 0) await (n % 2 === 0 ? one : two).clear("p");
    if (n % 5 === 0) void one.get(scope("p"), `k${n}`);
  }
  await Promise.all([one.settled(), two.settled()]);
  await one.clear();
  expect(await two.get(scope("p"), "k1")).toBeUndefined();
  two.put(scope("p"), "k1", value);
  await two.settled();
  expect(await one.get(scope("p"), "k1")).toBe(value);
  await Promise.all([one.close(), two.close()]);
  expect(lines).toEqual([]);
});
