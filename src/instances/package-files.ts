import { existsSync, readFileSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { Problem } from "../lib/problem.ts";

/** A package that is on disk and can be started: its program, and the version that was got. */
export type InstalledPackage = { bin: string; version: string };

const listName = "files.txt";
const atOnce = 64;

/** The program of a package: its only one, the one named like the package, or the one `bin` itself names. @throws Problem `unavailable` */
export function programOf(home: string, name: string): InstalledPackage {
  const folder = join(home, "node_modules", name);
  const { bin, version = "" } = manifestIn(folder);
  const programs = typeof bin === "string" ? { [basename(name)]: bin } : ((bin ?? {}) as Record<string, string>);
  const names = Object.keys(programs);
  const path = programs[basename(name)] ?? (names.length === 1 ? programs[names[0] ?? ""] : undefined);
  if (path === undefined) {
    const which = names.length === 0 ? "has no program to run" : `has several programs (${names.join(", ")})`;
    throw new Problem("unavailable", `the package ${name} ${which}`, { hint: "give a command instead of packageName" });
  }
  return { bin: join(folder, path), version };
}

/** The version that was fetched, if it was; nothing else of the package need be whole. */
export function versionIn(home: string, name: string): string | undefined {
  try {
    return manifestIn(join(home, "node_modules", name)).version;
  } catch {
    return undefined;
  }
}

const manifestIn = (folder: string) =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { bin?: unknown; version?: string };

/** Notes what was fetched, so that a later start can tell whether it is all there. */
export async function writeList(home: string): Promise<void> {
  const paths = await filesIn(home);
  const full: string[] = [];
  await inBatches(paths, async (path) => {
    if ((await stat(path)).size > 0) full.push(relative(home, path));
  });
  await writeFile(join(home, listName), `${full.join("\n")}\n`);
}

/**
 * The first file that is not there any more, or is empty: somebody cleaned up, or the machine lost its power. What was changed or added
 * is no fault: some servers keep what they remember beside their program.
 */
export async function firstMissing(home: string, name: string): Promise<string | undefined> {
  const list = await readFile(join(home, listName), "utf8").catch(() => undefined);
  const manifest = join("node_modules", name, "package.json");
  const paths = (list ?? manifest).split("\n").filter((path) => path !== "");
  const missing: string[] = [];
  await inBatches(paths, async (path) => {
    const size = await stat(join(home, path)).then(
      (found) => found.size,
      () => 0,
    );
    if (size === 0) missing.push(path);
  });
  return missing[0];
}

/** Whether anything was added or changed since it was fetched, but for these names; an empty file says nothing. Where there is no list nobody can tell. */
export async function holdsOwn(home: string, ours: readonly string[]): Promise<boolean> {
  const list = join(home, listName);
  const text = await readFile(list, "utf8").catch(() => undefined);
  if (text === undefined) return true;
  const fetchedAt = (await stat(list)).mtimeMs;
  const fetched = new Set(text.split("\n"));
  const known = new Set([listName, ...ours]);
  const paths = await filesIn(home);
  let isOwn = false;
  await inBatches(paths, async (path) => {
    const name = relative(home, path);
    if (isOwn || known.has(name)) return;
    const { size, mtimeMs } = await stat(path);
    if (size > 0 && (!fetched.has(name) || mtimeMs > fetchedAt)) isOwn = true;
  });
  return isOwn;
}

async function filesIn(home: string): Promise<string[]> {
  const entries = await readdir(home, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

export const isThere = (home: string): boolean => existsSync(join(home, "package.json"));

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < items.length; i += atOnce) await Promise.all(items.slice(i, i + atOnce).map(work));
}
