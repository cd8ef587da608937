import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import fc from "fast-check";
import { createSealing } from "../../../../src/secrets/sealing.ts";
import { place, scope } from "./fixture.ts";

test("a value is there at once, after a restart, and until its time is over", async () => {
  using at = place();
  const first = at.open();
  first.put(scope("p"), "key", "value", 1_000);
  expect(await first.get(scope("p"), "key")).toBe("value");
  await first.close();
  const second = at.open();
  expect(await second.get(scope("p"), "key")).toBe("value");
  at.time.now += 1_000;
  expect(await second.get(scope("p"), "key")).toBeUndefined();
  const third = at.open();
  expect(await third.get(scope("p"), "key")).toBeUndefined();
  expect(await third.stats()).toMatchObject({ entries: 0, bytes: 0, misses: 1, hits: 0 });
});

test("no scope finds what another put, whatever their names and keys", async () => {
  using at = place();
  const name = fc.oneof(fc.constantFrom("a", "b", "", "null", '"', '","', "a\u0000b", "\ud800"), fc.string());
  const entry = fc.tuple(name, fc.option(name, { nil: undefined }), name);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(entry, { minLength: 2, maxLength: 12 }), async (entries) => {
      const cache = at.open({ memoryBytes: 0 });
      await cache.clear();
      const distinct = new Map(entries.map((each) => [JSON.stringify(each), each]));
      for (const [words, [project, principal, key]] of distinct) {
        expect(await cache.get(scope(project, principal), key)).toBeUndefined();
        cache.put(scope(project, principal), key, words);
      }
      await cache.settled();
      expect(at.files()).toHaveLength(distinct.size);
      for (const [words, [project, principal, key]] of distinct)
        expect(await cache.get(scope(project, principal), key)).toBe(words);
      await cache.close();
    }),
    { numRuns: 25 },
  );
});

test("every string comes back from the disk as it was, half of a surrogate pair too", async () => {
  using at = place();
  const cache = at.open({ memoryBytes: 0 });
  const units = fc.array(fc.constantFrom("a", "é", "\ud83d", "\ude00", "\ufeff", "\u0000", "漢"), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(units, async (parts) => {
      const value = parts.join("");
      cache.put(scope("p"), "k", value);
      await cache.settled();
      expect(await cache.get(scope("p"), "k")).toBe(value);
    }),
    { numRuns: 60 },
  );
  await cache.close();
});

test("long ones are written in pieces, and no piece parts a character", async () => {
  using at = place();
  const cache = at.open({ memoryBytes: 0 });
  for (const lead of ["", "a", "aa"])
    for (const unit of ["😀", "漢", "é\ud83d", "plain"]) {
      const value = lead + unit.repeat(150_000);
      cache.put(scope("p"), "k", value);
      await cache.settled();
      expect((await cache.get(scope("p"), "k")) === value).toBe(true);
    }
  await cache.close();
});

test("on disk nothing can be read: no project, no caller, no key, no value; and nobody else may look", async () => {
  using at = place();
  const cache = at.open();
  cache.put(scope("project-1", "alice"), "the-key", "the-value".repeat(100));
  await cache.close();
  const [file = ""] = at.files();
  const all = file + Buffer.from(await Bun.file(file).bytes()).toString("latin1");
  for (const word of ["project-1", "alice", "the-key", "the-value"]) expect(all).not.toContain(word);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  for (const folder of [dirname(file), dirname(dirname(file))]) expect(statSync(folder).mode & 0o777).toBe(0o700);
  const stranger = at.open({ sealing: createSealing(Buffer.alloc(32, 9)) });
  expect(await stranger.get(scope("project-1", "alice"), "the-key")).toBeUndefined();
});

test("clearing a project leaves all others, and what is being written does not come back", async () => {
  using at = place();
  const cache = at.open();
  for (const project of ["p", "q"]) for (let n = 0; n < 5; n++) cache.put(scope(project, `u${n}`), "k", project);
  // Nothing but the first is written by now.
  expect(await cache.clear("p")).toBe(5);
  await cache.settled();
  expect(await cache.get(scope("p", "u0"), "k")).toBeUndefined();
  expect(await cache.get(scope("q", "u0"), "k")).toBe("q");
  expect(cache.sizeOf("p").entries).toBe(0);
  expect(cache.sizeOf("q").entries).toBe(5);
  expect(at.files()).toHaveLength(5);
  await cache.close();
  const other = at.open();
  expect(await other.clear()).toBe(5);
  expect(at.files()).toEqual([]);
  expect(await other.stats()).toMatchObject({ entries: 0, bytes: 0 });
});

test("a reader that began before a clear or another value does not bring the old one back", async () => {
  using at = place();
  const writer = at.open();
  writer.put(scope("p"), "k", "old");
  await writer.close();
  const cache = at.open();
  const slow = cache.get(scope("p"), "k");
  cache.put(scope("p"), "k", "new");
  await slow;
  await cache.settled();
  expect(await cache.get(scope("p"), "k")).toBe("new");
  await cache.close();
  const again = at.open();
  const reading = again.get(scope("p"), "k");
  await again.clear("p");
  await reading;
  expect(await again.get(scope("p"), "k")).toBeUndefined();
});

test("what was not asked for longest goes when the disk is full, in the next process too", async () => {
  using at = place();
  const options = { mostBytes: 100_000, memoryBytes: 0 };
  const first = at.open(options);
  for (let n = 0; n < 9; n++) {
    first.put(scope("p"), `k${n}`, `${n}`.repeat(10_000));
    await first.settled();
    at.time.now += 61_000;
  }
  expect(await first.get(scope("p"), "k0")).toBeDefined();
  await first.close();
  const second = at.open(options);
  await second.settled();
  at.time.now += 1_000;
  for (const key of ["k9", "k10"]) second.put(scope("p"), key, "x".repeat(10_000));
  const { entries, bytes, evicted } = await second.stats();
  expect({ entries, evicted, fits: bytes <= 100_000 }).toEqual({ entries: 9, evicted: 2, fits: true });
  expect(await second.get(scope("p"), "k0")).toBeDefined();
  for (const key of ["k1", "k2"]) expect(await second.get(scope("p"), key)).toBeUndefined();
});

test("a value over the bound of one entry is not kept, one that is given no time is gone", async () => {
  using at = place();
  const cache = at.open();
  cache.put(scope("p"), "k", "short");
  cache.put(scope("p"), "k", "x".repeat(16 * 1024 * 1024 + 1));
  expect(await cache.get(scope("p"), "k")).toBeUndefined();
  cache.put(scope("p"), "k", "short");
  await cache.settled();
  cache.put(scope("p"), "k", "", 0);
  expect(await cache.get(scope("p"), "k")).toBeUndefined();
  await cache.close();
  expect(await at.open().get(scope("p"), "k")).toBeUndefined();
});

test("without a folder it is all in memory, and bounded", async () => {
  using at = place();
  const cache = at.open({ dir: undefined, mostBytes: 0, memoryBytes: 50_000 });
  for (let n = 0; n < 10; n++) cache.put(scope("p"), `k${n}`, "x".repeat(10_000));
  expect(await cache.get(scope("p"), "k9")).toBeDefined();
  expect(await cache.get(scope("p"), "k0")).toBeUndefined();
  expect((await cache.stats()).entries).toBe(2);
  expect(cache.sizeOf("p").entries).toBe(2);
  expect(at.files()).toEqual([]);
});
