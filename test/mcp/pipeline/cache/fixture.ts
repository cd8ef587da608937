import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CacheScope } from "../../../../src/mcp/pipeline/cache/cache.ts";
import { createFileCache, type FileCacheOptions } from "../../../../src/mcp/pipeline/cache/file-cache.ts";
import { createSealing } from "../../../../src/secrets/sealing.ts";
import { silentLog } from "../../../log.ts";

/** A folder and a clock that stand until the test ends; `open` is a process that starts on them. */
export function place() {
  const dir = mkdtempSync(join(tmpdir(), "mcpctl-cache-"));
  const time = { now: 1_800_000_000_000 };
  return {
    dir,
    time,
    open: (options: Partial<FileCacheOptions> = {}) =>
      createFileCache({ ...keys, dir, clock: { now: () => time.now }, log: silentLog, mostBytes: 1 << 26, ...options }),
    /** Every file of the cache, by its path. */
    files: () => [...new Bun.Glob("**").scanSync({ cwd: dir, absolute: true, onlyFiles: true, dot: true })].sort(),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}

export const keys = { sealing: createSealing(Buffer.alloc(32, 1)), nameKey: Buffer.alloc(32, 2) };

export const scope = (project: string, principal?: string): CacheScope => ({ project, principal });
