import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPackages } from "../../src/instances/package.ts";
import { writeList } from "../../src/instances/package-files.ts";
import { turn } from "../../src/lib/wait.ts";

const days = 86_400_000;
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
let folder: string;
let now: number;
const anew = () => createPackages(folder, log, new AbortController().signal, { now: () => now });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mcpctl-clearing-"));
  now = Date.parse("2026-01-01T00:00:00Z");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As it lies there once it was fetched. */
async function fetched(name: string, version: string): Promise<string> {
  const home = join(folder, `${name.replace("/", "+")}@${version}`);
  const its = join(home, "node_modules", name);
  mkdirSync(its, { recursive: true });
  writeFileSync(join(home, "package.json"), "{}");
  writeFileSync(join(its, "package.json"), JSON.stringify({ version, bin: "run.js" }));
  writeFileSync(join(its, "run.js"), "0");
  await writeList(home);
  return home;
}

test("a version that no server has named for thirty days is taken away, and no sooner", async () => {
  const old = await fetched("@s/tool", "1.0.0");
  const present = await fetched("@s/tool", "2.0.0");
  const packages = anew();
  await packages.install("@s/tool@1.0.0");
  // For as long as a server names it, it counts as used: it may run for months.
  now += 60 * days;
  await packages.clear(["@s/tool@1.0.0", "@s/tool@2.0.0"]);
  now += 29 * days;
  await anew().clear(["@s/tool@2.0.0"]);
  expect(existsSync(old)).toBe(true);
  now += 1 * days;
  await anew().clear(["@s/tool@2.0.0"]);
  expect(readdirSync(folder)).toEqual(["@s+tool@2.0.0"]);
  expect(packages.versionOf("@s/tool@2.0.0")).toBe("2.0.0");
  await packages.clear([]);
  now += 300 * days;
  await packages.clear(["@s/tool@2.0.0"]);
  expect(existsSync(present)).toBe(true);
});

test("what an earlier mcpctl left without a note counts as used when it is first seen", async () => {
  const home = await fetched("tool", "1.0.0");
  await anew().clear([]);
  now += 29 * days;
  await anew().clear([]);
  expect(existsSync(home)).toBe(true);
  now += 2 * days;
  await anew().clear([]);
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ["remembers something", (home: string) => writeFileSync(join(home, "node_modules/tool/memory.jsonl"), "it")],
  [
    "changed what it brought",
    (home: string) => {
      const path = join(home, "node_modules/tool/run.js");
      writeFileSync(path, "1");
      utimesSync(path, new Date(), new Date(Date.now() + 1_000));
    },
  ],
  ["has no list of what was fetched", (home: string) => rmSync(join(home, "files.txt"))],
])("where a server %s beside its program, that stays", async (_, touch) => {
  const home = await fetched("tool", "1.0.0");
  touch(home);
  await anew().clear([]);
  now += 400 * days;
  await anew().clear([]);
  expect(existsSync(home)).toBe(true);
});

test("one that is wanted while it is looked through stays, whenever that is", async () => {
  const packages = anew();
  for (let turns = 0, isGone = false; !isGone; turns++) {
    const home = await fetched("tool", "1.0.0");
    await packages.install("tool@1.0.0");
    now += 31 * days;
    const clearing = packages.clear([]);
    for (let i = 0; i < turns; i++) await turn();
    isGone = !existsSync(home);
    if (!isGone) expect(await packages.install("tool@1.0.0")).toMatchObject({ version: "1.0.0" });
    await clearing;
    expect(existsSync(home)).toBe(!isGone);
  }
});

test("what a crash left half taken away, or half fetched, goes; what is under way and what is not ours to judge stays", async () => {
  const ageOf = (name: string, age: number) => {
    mkdirSync(join(folder, name));
    utimesSync(join(folder, name), new Date(now - age), new Date(now - age));
  };
  ageOf(".gone-tool@1.0.0", 0);
  ageOf("tool@1.0.0.4711.tmp", 2 * days);
  ageOf("tool@1.0.1.4711.tmp", 60_000);
  ageOf("uv", 400 * days);
  await anew().clear([]);
  expect(readdirSync(folder).toSorted()).toEqual(["tool@1.0.1.4711.tmp", "uv"]);
});
