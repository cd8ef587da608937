import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { messageOf } from "../../lib/problem.ts";
import { shareOfTurn } from "../../lib/share.ts";
import { within } from "../../lib/wait.ts";
import type { CacheStats, PipelineCache } from "./cache.ts";
import {
  type Address,
  addresses,
  callerOf,
  decodeEntry,
  encodeEntry,
  expiryIn,
  headerBytes,
  type Sealing,
} from "./cache-entry.ts";
import { createCacheFolder } from "./cache-folder.ts";
import { createLedger, type Held, type Size } from "./cache-ledger.ts";

export type FileCacheOptions = {
  /** Its files lie in `pipeline` below it. Undefined: in memory only. */
  dir: string | undefined;
  /** On disk, in bytes. */
  mostBytes: number;
  /** How many files at most. */
  mostEntries?: number;
  /** In memory, counting two bytes a character. */
  memoryBytes?: number;
  defaultTtlMs?: number;
  sealing: Sealing;
  /** For the names of files. */
  nameKey: Buffer;
  clock: Clock;
  log: Log;
};

/** The cache that serve has. */
export type FileCache = PipelineCache & {
  /** What a project has on disk. */
  sizeOf: (project: string) => Size;
  /** Once everything put until now is on disk, or could not be written. */
  settled: () => Promise<void>;
};

const dayMs = 86_400_000;
const bounds = {
  /** Of one entry; a longer value is kept nowhere. */
  characters: 16 * 1024 * 1024,
  queueBytes: 64 * 1024 * 1024,
  queueEntries: 10_000,
  touchMs: 60_000,
  tellMs: 60_000,
  sweepMs: 300_000,
  closeMs: 5_000,
} as const;
const overhead = headerBytes + 64;
const inMemory = (value: string) => value.length * 2 + 512;

type Job = { address: Address; value: string; expires: number };

/**
 * Texts by key in files that only this mcpctl can read or name, the latest of them in memory. What cannot be read is not there; what cannot be
 * written is told in the log once a minute.
 */
export function createFileCache(options: FileCacheOptions): FileCache {
  const { mostBytes, mostEntries = 50_000, memoryBytes = 32 * 1024 * 1024, sealing, clock, log } = options;
  const folder = options.dir === undefined ? undefined : createCacheFolder(join(options.dir, "pipeline"));
  const at = addresses(options.nameKey);
  const disk = createLedger({ bytes: mostBytes, entries: mostEntries });
  const memory = createLedger({ bytes: memoryBytes, entries: mostEntries });
  const values = new Map<string, string>();
  const queue = new Map<string, Job>();
  const reading = new Map<string, Promise<string | undefined>>();
  const counts = { hits: 0, misses: 0, evicted: 0 };
  let queuedBytes = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  let writing: Promise<void> | undefined;
  let underWay: Promise<void> | undefined;
  let sweeping: Promise<void> | undefined;
  let isClosed = false;

  const heldAs = ({ project, caller, file }: Address, bytes: number, expires: number, used = clock.now()): Held => ({
    name: file,
    project,
    caller,
    bytes,
    used,
    expires,
  });

  function tell(what: string, error: unknown): void {
    if (clock.now() - toldAt < bounds.tellMs) return;
    toldAt = clock.now();
    log.warn(`${what}; results are shaped anew instead`, { error: messageOf(error), folder: options.dir });
  }

  function forget(file: string): void {
    memory.remove(file);
    values.delete(file);
    const job = queue.get(file);
    if (job !== undefined) queuedBytes -= inMemory(job.value);
    queue.delete(file);
    // Who asks from now on is not given what is being read.
    reading.delete(file);
  }

  function remember(address: Address, value: string, expires: number): void {
    values.set(address.file, value);
    for (const { name } of memory.add(heldAs(address, inMemory(value), expires))) values.delete(name);
  }

  function remove({ project, name }: Pick<Held, "project" | "name">): void {
    disk.remove(name);
    void folder?.remove(project, name).catch((error) => tell("A file of the pipeline cache cannot be removed", error));
  }

  function evict(gone: readonly Held[]): void {
    counts.evicted += gone.length;
    for (const held of gone) remove(held);
  }

  function used({ project, file }: Address): void {
    const now = clock.now();
    memory.touch(file, now);
    const held = disk.get(file);
    if (held === undefined || now - held.used < bounds.touchMs) return;
    disk.touch(file, now);
    void folder?.touch(project, file, now).catch(() => {});
  }

  function inFront(file: string): string | undefined {
    const held = memory.get(file) ?? queue.get(file);
    if (held === undefined) return undefined;
    if (held.expires > clock.now()) return values.get(file) ?? queue.get(file)?.value;
    forget(file);
    return undefined;
  }

  async function fromDisk(address: Address, isCurrent: () => boolean): Promise<string | undefined> {
    const { project, file } = address;
    try {
      const bytes = await folder?.read(project, file, bounds.characters * 2 + overhead);
      const entry = bytes === undefined ? undefined : decodeEntry(sealing, address, bytes);
      if (!isCurrent()) return entry?.value;
      if (bytes === undefined) return void disk.remove(file);
      if (entry !== undefined && entry.expires > clock.now()) {
        remember(address, entry.value, entry.expires);
        if (disk.get(file) === undefined) evict(disk.add(heldAs(address, bytes.length, entry.expires)));
        return entry.value;
      }
    } catch (error) {
      tell("A file of the pipeline cache cannot be read", error);
    }
    if (isCurrent()) remove({ project, name: file });
    return undefined;
  }

  /** Once for all who ask at the same time. */
  function readOnce(address: Address): Promise<string | undefined> {
    const { file } = address;
    const isCurrent = () => reading.get(file) === work;
    const under = reading.get(file);
    if (under !== undefined) return under;
    const work: Promise<string | undefined> = fromDisk(address, isCurrent).finally(() => {
      if (isCurrent()) reading.delete(file);
    });
    reading.set(file, work);
    return work;
  }

  async function write({ address, value, expires }: Job): Promise<void> {
    const { project, file } = address;
    try {
      const bytes = encodeEntry(sealing, address, value, expires);
      if (bytes.length > mostBytes / 4) return;
      await folder?.write(project, file, bytes, clock.now());
      evict(disk.add(heldAs(address, bytes.length, expires)));
    } catch (error) {
      tell("The pipeline cache cannot be written", error);
    }
  }

  async function drain(): Promise<void> {
    for (let [next] = queue; next !== undefined; [next] = queue) {
      const [file, job] = next;
      underWay = write(job);
      await underWay;
      const then = queue.get(file);
      if (then === undefined) remove({ project: job.address.project, name: file });
      // What was put under the same key meanwhile is written in its turn.
      if (then !== job) continue;
      queue.delete(file);
      queuedBytes -= inMemory(job.value);
    }
  }

  function startWriting(): void {
    writing ??= drain().finally(() => {
      writing = undefined;
      if (queue.size > 0) startWriting();
    });
  }

  async function sweep(): Promise<void> {
    if (folder === undefined) return;
    const startedAt = clock.now();
    const found: Held[] = [];
    try {
      for await (const { project, file, bytes, used: at, head } of folder.scan(startedAt)) {
        const expires = expiryIn(head, project, file);
        const known = disk.get(file);
        const held = {
          name: file,
          project,
          caller: callerOf(file),
          bytes,
          used: known?.used ?? at,
          expires: expires ?? 0,
        };
        if (held.expires <= startedAt || found.length >= 2 * mostEntries) remove(held);
        else found.push(held);
      }
    } catch (error) {
      return tell("The folder of the pipeline cache cannot be read", error);
    }
    const there = new Set(found.map(({ name }) => name));
    for (const held of disk.all()) {
      if (there.has(held.name)) continue;
      if (held.used < startedAt) disk.remove(held.name);
      else found.push(held);
    }
    const spent = shareOfTurn();
    for (const held of found.sort((a, b) => a.used - b.used)) {
      evict(disk.add({ ...held, used: disk.get(held.name)?.used ?? held.used }));
      await spent();
    }
    for (const { name, expires } of memory.all()) if (expires <= clock.now()) forget(name);
  }

  function startSweeping(): void {
    sweeping ??= sweep().finally(() => {
      sweeping = undefined;
    });
  }

  startSweeping();
  const timer = setInterval(startSweeping, bounds.sweepMs);
  timer.unref();

  async function settled(): Promise<void> {
    await sweeping;
    while (writing !== undefined) await writing;
  }

  return {
    settled,
    sizeOf: (project) => (folder === undefined ? memory : disk).of(at.projectOf(project)),
    async get(scope, key) {
      const address = at.of(scope, key);
      const value = inFront(address.file) ?? (await readOnce(address));
      if (value === undefined) counts.misses++;
      else {
        counts.hits++;
        used(address);
      }
      return value;
    },
    put(scope, key, value, ttlMs = options.defaultTtlMs ?? 7 * dayMs) {
      const address = at.of(scope, key);
      forget(address.file);
      if (ttlMs <= 0) return remove({ project: address.project, name: address.file });
      if (isClosed || value.length > bounds.characters) return;
      const expires = clock.now() + ttlMs;
      remember(address, value, expires);
      const bytes = inMemory(value);
      if (folder === undefined || queue.size >= bounds.queueEntries || queuedBytes + bytes > bounds.queueBytes) return;
      queue.set(address.file, { address, value, expires });
      queuedBytes += bytes;
      startWriting();
    },
    async stats(): Promise<CacheStats> {
      await within(bounds.closeMs, settled());
      return { ...(folder === undefined ? memory : disk).total(), mostBytes, ...counts };
    },
    async clear(project) {
      const of = project === undefined ? undefined : at.projectOf(project);
      const queued = [...queue.values()].map(({ address }) => ({ project: address.project, name: address.file }));
      const gone = new Set<string>();
      for (const held of [...queued, ...memory.all(of), ...disk.all(of)]) {
        if (of !== undefined && held.project !== of) continue;
        gone.add(held.name);
        forget(held.name);
        disk.remove(held.name);
      }
      reading.clear();
      try {
        await within(bounds.closeMs, underWay ?? Promise.resolve());
        for (const file of (await folder?.removeAll(of)) ?? []) gone.add(file);
      } catch (error) {
        tell("The pipeline cache cannot be cleared", error);
      }
      return gone.size;
    },
    async close() {
      isClosed = true;
      clearInterval(timer);
      await within(bounds.closeMs, settled());
    },
  };
}
