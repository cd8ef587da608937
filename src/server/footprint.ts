import { readdirSync, readFileSync } from "node:fs";

/** What this process takes of what it may have; what a system does not tell is not there. */
export type Footprint = {
  memoryBytes: number;
  memoryLimitBytes?: number;
  openFiles?: number;
  openFilesLimit?: number;
};

export function footprint(): Footprint {
  const limit = numberIn(text("/sys/fs/cgroup/memory.max"), /^(\d+)$/);
  const open = looked(() => readdirSync("/proc/self/fd").length);
  const most = numberIn(text("/proc/self/limits"), /^Max open files +(\d+)/m);
  return {
    memoryBytes: process.memoryUsage.rss(),
    ...(limit === undefined ? {} : { memoryLimitBytes: limit }),
    ...(open === undefined ? {} : { openFiles: open }),
    ...(most === undefined ? {} : { openFilesLimit: most }),
  };
}

const text = (path: string): string => looked(() => readFileSync(path, "utf8").trim()) ?? "";

function numberIn(from: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(from)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Other systems have no such files. */
function looked<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
