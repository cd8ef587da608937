import { readdirSync, readFileSync } from "node:fs";

/** A process and what it started, as the system sees them (Linux). */
export function figuresOf(pid: number): { rssMb: number; descriptors: number; processes: number; zombies: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const family = descendantsOf(pid);
  return {
    rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    processes: family.length,
    zombies: family.filter(({ state }) => state === "Z").length,
  };
}

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
