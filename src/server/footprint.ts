import { readFileSync } from "node:fs";
import type { OpenFiles } from "./open-files.ts";

/** What this process takes of what it may have; what a system does not tell is not there. */
export type Footprint = {
  memoryBytes: number;
  memoryLimitBytes?: number;
  openFiles?: number;
  openFilesLimit?: number;
};

export function footprint(files: Pick<OpenFiles, "count" | "limit">): Footprint {
  const limit = numberIn(text("/sys/fs/cgroup/memory.max"), /^(\d+)$/);
  const [open, most] = [files.count(), files.limit];
  return {
    memoryBytes: process.memoryUsage.rss(),
    ...(limit === undefined ? {} : { memoryLimitBytes: limit }),
    ...(Number.isFinite(most) ? { openFiles: Math.min(open, most), openFilesLimit: most } : {}),
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
