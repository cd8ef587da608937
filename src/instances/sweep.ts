import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isOfFolder } from "./mark.ts";
import { bootId, entriesOf, killProcess, type Process, processesAtOnce, processOf } from "./proc.ts";

/** Enough to tell a process from a later one with the same number. */
type Note = { pid: number; startTicks: string; bootId: string };

const folderOf = (dataDir: string) => join(dataDir, "run");
const fileOf = (dataDir: string, pid: number) => join(folderOf(dataDir), `${pid}.json`);

/** Notes a child, so that the next start can end what a crash left. Best effort: a full disk must not keep a server from starting. */
export function remember(dataDir: string, { pid, startTicks }: Pick<Process, "pid" | "startTicks">): void {
  const note: Note = { pid, startTicks: String(startTicks), bootId: bootId() };
  try {
    mkdirSync(folderOf(dataDir), { recursive: true, mode: 0o700 });
    writeFileSync(fileOf(dataDir, pid), JSON.stringify(note), { mode: 0o600 });
  } catch {
    // Then its mark and the kernel's promise (child-entry.ts) stand alone.
  }
}

export function forget(dataDir: string, pid: number): void {
  rmSync(fileOf(dataDir, pid), { force: true });
}

const rounds = 20;

/** Ends what an earlier life of ours left behind: the groups that it noted, and every process that carries this data folder's mark. Answers how many. */
export function sweep(dataDir: string): number {
  const names = entriesOf(folderOf(dataDir));
  const boot = bootId();
  const notes = names
    .flatMap((name) => readNote(join(folderOf(dataDir), name)) ?? [])
    .filter((note) => note.bootId === boot);
  const isOurs = isOfFolder(dataDir);
  const ended = new Set<number>();
  for (let round = 0; round < rounds; round++) {
    const all = processesAtOnce().filter(({ isZombie }) => !isZombie);
    // A server may have started this very mcpctl; then we carry its mark, and so does the shell between.
    const line = lineTo(process.pid, all);
    const isLeft = (each: Process) => !line.has(each.pid) && (isNoted(each, notes) || isOurs(each.pid));
    const fresh = all.filter((each) => !ended.has(each.pid) && isLeft(each) && killProcess(each));
    if (fresh.length === 0) break;
    for (const { pid } of fresh) ended.add(pid);
  }
  for (const name of names) rmSync(join(folderOf(dataDir), name), { force: true });
  return ended.size;
}

/** Only if the leader is the one we started; or, when the leader is gone, if the group's members are no older than it was. */
function isNoted({ group, startTicks }: Process, notes: readonly Note[]): boolean {
  const note = notes.find(({ pid }) => pid === group);
  if (note === undefined) return false;
  const leader = processOf(note.pid);
  return (
    (leader === undefined || String(leader.startTicks) === note.startTicks) && startTicks >= BigInt(note.startTicks)
  );
}

/** This process and all that it descends from. */
function lineTo(pid: number, all: readonly Process[]): Set<number> {
  const parents = new Map(all.map((each) => [each.pid, each.parent]));
  const line = new Set<number>();
  for (let at: number | undefined = pid; at !== undefined && !line.has(at); at = parents.get(at)) line.add(at);
  return line;
}

function readNote(path: string): Note | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Note;
  } catch {
    return undefined;
  }
}
