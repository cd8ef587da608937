import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process and what it started, as the system sees them (Linux). */
export function figuresOf(pid: number): { rssMb: number; descriptors: number; processes: number; zombies: number } {
  const family = descendantsOf(pid);
  return {
    rssMb: rssMbOf(pid),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    processes: family.length,
    zombies: family.filter(({ state }) => state === "Z").length,
  };
}

export function rssMbOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** Established connections of a process to a port of this machine. */
export function connectionsTo(pid: number, port: number): number {
  const own = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => socketOf(`/proc/${pid}/fd/${fd}`)));
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n").slice(1),
  );
  return rows.filter((row) => {
    const [, , remote = "", state, , , , , , inode = ""] = row.trim().split(/\s+/);
    return state === "01" && remote.endsWith(end) && own.has(inode);
  }).length;
}

function socketOf(link: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1];
  } catch {
    // Closed meanwhile.
    return undefined;
  }
}

/** What a process started, and what those started. */
export const childrenOf = (pid: number): number[] => descendantsOf(pid).map((child) => child.pid);

type Relative = { pid: number; parent: number; state: string };

function descendantsOf(ancestor: number): Relative[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap(relative);
  const family = new Set([ancestor]);
  // A child may stand before its parent in the list.
  for (let before = 0; before < family.size; ) {
    before = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  return all.filter(({ pid }) => pid !== ancestor && family.has(pid));
}

function relative(name: string): Relative[] {
  try {
    // The program's name stands in brackets and may hold anything.
    const [state = "", parent = "0"] = readFileSync(`/proc/${name}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return [{ pid: Number(name), parent: Number(parent), state }];
  } catch {
    return [];
  }
}

/** How long all threads of a process were at work until now, in ms; nothing where the kernel does not tell. */
export function workOf(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const worked = (id: string) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8").split(" ")[0]);
    return threads.reduce((sum, id) => sum + worked(id), 0) / 1e6;
  } catch {
    return Number.NaN;
  }
}
