import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf, Problem } from "../lib/problem.ts";
import { holdExclusively } from "../storage/lock.ts";

export type DataDir = { path: string; tell: (url: string) => void; release: () => void };

/**
 * Makes the data folder for nobody but its owner, and takes it for this process alone.
 * @throws Problem `conflict` when another mcpctl holds it, naming it; `unavailable` when it cannot be written
 */
export function takeDataDir(path: string): DataDir {
  const holder = join(path, "serve.json");
  const lock = usable(path, () => {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700);
    return holdExclusively(join(path, "lock"));
  });
  if (lock === undefined) throw heldBy(path, holder);
  const tell = (url: string) =>
    usable(path, () => writeFileSync(holder, JSON.stringify({ pid: process.pid, url }), { mode: 0o600 }));
  return {
    path,
    tell,
    release: () => {
      rmSync(holder, { force: true });
      lock.release();
    },
  };
}

function heldBy(path: string, holder: string): Problem {
  let who = "another mcpctl";
  try {
    const { pid, url } = JSON.parse(readFileSync(holder, "utf8")) as { pid: number; url: string };
    who = `the mcpctl with process id ${pid}, which serves ${url}`;
  } catch {
    // It has not come as far as telling; that it holds the folder is certain all the same.
  }
  return new Problem("conflict", `The data folder ${path} is held by ${who}`, {
    hint: "use that one, stop it, or give another folder with --data-dir",
  });
}

function usable<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem("unavailable", `The data folder ${path} cannot be used: ${messageOf(error)}`, {
      hint: "check the disk and the permissions, or give another folder with --data-dir",
      cause: error,
    });
  }
}
