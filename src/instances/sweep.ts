import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Enough to tell a process from a later one with the same number. */
type Mark = { pid: number; startTicks: string; bootId: string };

const folderOf = (dataDir: string) => join(dataDir, "run");
const fileOf = (dataDir: string, pid: number) => join(folderOf(dataDir), `${pid}.json`);

/** Notes a child, so that the next start can end what a crash left. Best effort: a full disk must not keep a server from starting. */
export function remember(dataDir: string, pid: number): void {
  const mark = markOf(pid);
  if (mark === undefined) return;
  try {
    mkdirSync(folderOf(dataDir), { recursive: true, mode: 0o700 });
    writeFileSync(fileOf(dataDir, pid), JSON.stringify(mark), { mode: 0o600 });
  } catch {
    // Then the kernel's promise (child-entry.ts) stands alone.
  }
}

export function forget(dataDir: string, pid: number): void {
  rmSync(fileOf(dataDir, pid), { force: true });
}

/** Ends the process groups that an earlier life of ours left behind; answers how many. */
export function sweep(dataDir: string): number {
  let ended = 0;
  for (const name of entriesOf(folderOf(dataDir))) {
    const path = join(folderOf(dataDir), name);
    const mark = readMark(path);
    if (mark !== undefined && mark.bootId === bootId() && endGroup(mark)) ended++;
    rmSync(path, { force: true });
  }
  return ended;
}

/** Only if the leader is the one we started; or, when the leader is gone, if the group's members are no older than it was. */
function endGroup({ pid, startTicks }: Mark): boolean {
  const leader = statOf(pid);
  if (leader !== undefined && leader.startTicks !== startTicks) return false;
  const members = entriesOf("/proc").flatMap((name) => {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    return stat !== undefined && stat.group === pid && BigInt(stat.startTicks) >= BigInt(startTicks)
      ? [Number(name)]
      : [];
  });
  for (const member of members) {
    try {
      process.kill(member, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
  return members.length > 0;
}

function markOf(pid: number): Mark | undefined {
  const stat = statOf(pid);
  return stat === undefined ? undefined : { pid, startTicks: stat.startTicks, bootId: bootId() };
}

/** Fields 5 and 22 of /proc/PID/stat; the name in field 2 may hold blanks and brackets. Linux only. */
function statOf(pid: number): { group: number; startTicks: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { group: Number(fields[2]), startTicks: fields[19] ?? "0" };
  } catch {
    return undefined;
  }
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}

function readMark(path: string): Mark | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Mark;
  } catch {
    return undefined;
  }
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
