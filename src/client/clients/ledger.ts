import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../../lib/problem.ts";
import { writePrivately } from "../../lib/whole-file.ts";
import type { Change } from "./client.ts";

/** What one `config --write` did, so that `--undo` can take it back and a second `--write` knows its own. */
export type Written = {
  client: string;
  file: string;
  /** The name of the entry, and of the project that it leads to. */
  name: string;
  project: string;
  /** Which mcpctl it leads to. */
  origin: string;
  /** The entry and what else was put into the file. */
  changes: Change[];
  /** Of the file as it was left. */
  sha256: string;
  /** Where the file lies as it was before; `""` when there was none; undefined when others had changed it between two writes. */
  before?: string;
  /** The token that was minted for it. */
  token?: { id: string; name: string };
  at: string;
};

const most = 1_000;

const pathOf = (home: string): string => join(home, "clients.json");

/** All that was written and not taken back, the oldest first. @throws Problem `invalid` */
export function readLedger(home: string): Written[] {
  let text: string;
  try {
    text = readFileSync(pathOf(home), "utf8");
  } catch {
    return [];
  }
  try {
    const { written } = JSON.parse(text) as { written?: Written[] };
    if (Array.isArray(written)) return written;
  } catch {
    // Said below.
  }
  throw new Problem("invalid", `${pathOf(home)} makes no sense`, { hint: "mend it or remove it" });
}

/** Remembers what was written, or with `undefined` forgets it. Others of the same file stay. */
export function remember(home: string, old: Written | undefined, now: Written | undefined): void {
  const others = readLedger(home).filter((one) => old === undefined || !isSame(one, old));
  const written = [...others, ...(now === undefined ? [] : [now])].slice(-most);
  writePrivately(pathOf(home), `${JSON.stringify({ written }, null, 2)}\n`);
}

const isSame = (a: Written, b: Written): boolean => a.file === b.file && a.client === b.client && a.name === b.name;

/** Keeps a copy of a client's file, for its owner alone; answers where. */
export function keepCopy(home: string, client: string, text: string, now: number): string {
  const folder = join(home, "backups");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const when = new Date(now).toISOString().replace(/[:.]/g, "-");
  const path = join(folder, `${client}-${when}-${crypto.randomUUID().slice(0, 8)}`);
  writePrivately(path, text);
  return path;
}

export const dropCopy = (path: string): void => rmSync(path, { force: true });

export const sha256 = (text: string): string => new Bun.CryptoHasher("sha256").update(text).digest("hex");
