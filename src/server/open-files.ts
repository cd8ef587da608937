import { readdirSync, readFileSync, statSync } from "node:fs";

const folder = "/proc/self/fd";

/** How many files are kept for requests, servers and the database when clients hold many streams open. */
const reserveOf = (limit: number): number =>
  Math.min(1_024, Math.max(32, Math.floor(limit / 8)), Math.floor(limit / 2));

/**
 * How near this process is to the number of files that it may have open: connections, streams, pipes of servers. Beyond it Bun takes no connection
 * any more, and tries again without a pause (reference/reliability.md §6). Where the system does not say, there is no end.
 */
export type OpenFiles = ReturnType<typeof openFiles>;

export function openFiles(limit: number = limitNow(), count: () => number = countNow) {
  const reserve = reserveOf(limit);
  return {
    limit,
    count,
    /** What may wait or be had again later is refused from here on. */
    isScarce: () => count() >= limit - reserve,
    /** Almost none is left. */
    isOut: () => count() >= limit - Math.ceil(reserve / 4),
  };
}

function limitNow(): number {
  try {
    const line = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
    return line === null ? Number.POSITIVE_INFINITY : Number(line[1]);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Newer kernels tell it as the folder's size. When it cannot be opened, there is none left to open it with. */
function countNow(): number {
  try {
    return statSync(folder).size || readdirSync(folder).length - 1;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? 0 : Number.POSITIVE_INFINITY;
  }
}
