import { join } from "node:path";
import type { Clock } from "../../../lib/clock.ts";
import type { Log } from "../../../lib/log.ts";
import { messageOf } from "../../../lib/problem.ts";
import { seldom } from "../../../lib/seldom.ts";
import { shareOfTurn } from "../../../lib/share.ts";
import { within } from "../../../lib/wait.ts";
import type { PipelineCache } from "./cache.ts";
import {
  type Address,
  addresses,
  callerOf,
  decodeEntry,
  encodeEntry,
  expiryIn,
  headerBytes,
  type Sealing,
} from "./entry.ts";
import { type CacheFolder, createCacheFolder } from "./folder.ts";
import { createFront } from "./front.ts";
import { createLedger, type Held, heldAs, type Size } from "./ledger.ts";
import { createQueue, type Job } from "./queue.ts";

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
  /** Of one value; a longer one is kept nowhere. */
  characters: 16 * 1024 * 1024,
  touchMs: 60_000,
  sweepMs: 300_000,
  patienceMs: 5_000,
} as const;
/** A character takes at most three bytes of UTF-8; the box has a nonce and a tag. */
const mostFileBytes = bounds.characters * 3 + headerBytes + 64;

/**
 * Texts by key in files that only this mcpctl can read or name, the latest of them in memory. What cannot be read is not there; what cannot be
 * written is told in the log once a minute.
 */
export function createFileCache(options: FileCacheOptions): FileCache {
  const { dir, mostBytes, mostEntries = 50_000, memoryBytes = 32 * 1024 * 1024, sealing, clock, log } = options;
  const folder: CacheFolder | undefined = dir === undefined ? undefined : createCacheFolder(join(dir, "pipeline"));
  const at = addresses(options.nameKey);
  const disk = createLedger({ bytes: mostBytes, entries: mostEntries });
  const front = createFront({ bytes: memoryBytes, entries: mostEntries }, clock);
  const queue = createQueue(write, remove);
  const reading = new Map<string, Promise<string | undefined>>();
  /** Whoever reads or writes one of these waits for it to be gone. */
  const removing = new Map<string, Promise<void>>();
  const behind = new Set<Promise<unknown>>();
  const warn = seldom(log, clock);
  const counts = { hits: 0, misses: 0, evicted: 0 };
  let sweeping: Promise<void> | undefined;
  let clearings = 0;
  let isClosed = false;

  /** One word for all of it: what is wrong with one file is wrong with the folder. */
  function tell(what: string, error: unknown): void {
    warn("", `${what}; what it would give is computed anew`, { error: messageOf(error), folder: dir });
  }

  /** Nobody waits for it but who waits for everything. `work` never rejects. */
  function later(work: Promise<unknown> | undefined): void {
    if (work === undefined) return;
    behind.add(work);
    void work.finally(() => behind.delete(work));
  }

  /** From memory; on disk it stays. */
  function forget(file: string): void {
    front.forget(file);
    queue.forget(file);
    // Who asks from now on is not given what is being read.
    reading.delete(file);
  }

  function remove({ project, file }: Pick<Address, "project" | "file">): void {
    disk.remove(file);
    if (folder === undefined) return;
    const work: Promise<void> = takeAway(folder, project, file).finally(() => {
      if (removing.get(file) === work) removing.delete(file);
    });
    removing.set(file, work);
    later(work);
  }

  async function takeAway(from: CacheFolder, project: string, file: string): Promise<void> {
    try {
      await from.remove(project, file);
    } catch (error) {
      tell("A file of the pipeline cache cannot be removed", error);
    }
  }

  function keepOnDisk(held: Held): void {
    for (const { project, name } of disk.add(held)) {
      counts.evicted++;
      remove({ project, file: name });
    }
  }

  function used({ project, file }: Address): void {
    const now = clock.now();
    front.touch(file);
    const held = disk.get(file);
    if (held === undefined || now - held.used < bounds.touchMs) return;
    disk.touch(file, now);
    later(folder?.touch(project, file, now).catch(() => {}));
  }

  function fromMemory(file: string): string | undefined {
    const job = queue.get(file);
    return front.get(file) ?? (job !== undefined && job.expires > clock.now() ? job.value : undefined);
  }

  async function fromDisk(address: Address, isCurrent: () => boolean): Promise<string | undefined> {
    try {
      await removing.get(address.file);
      const bytes = await folder?.read(address.project, address.file, mostFileBytes);
      const entry = bytes === undefined ? undefined : await decodeEntry(sealing, address, bytes);
      if (!isCurrent()) return entry?.value;
      if (bytes === undefined) return void disk.remove(address.file);
      if (entry !== undefined && entry.expires > clock.now()) {
        front.put(address, entry.value, entry.expires);
        if (disk.get(address.file) === undefined) keepOnDisk(heldAs(address, bytes.length, clock.now(), entry.expires));
        return entry.value;
      }
    } catch (error) {
      tell("A file of the pipeline cache cannot be read", error);
    }
    if (isCurrent()) remove(address);
    return undefined;
  }

  /** Once for all who ask at the same time. */
  function readOnce(address: Address): Promise<string | undefined> {
    const { file } = address;
    const under = reading.get(file);
    if (under !== undefined) return under;
    const isCurrent = () => reading.get(file) === work;
    const work: Promise<string | undefined> = fromDisk(address, isCurrent).finally(() => {
      if (isCurrent()) reading.delete(file);
    });
    reading.set(file, work);
    return work;
  }

  async function write({ address, value, expires }: Job): Promise<void> {
    try {
      const pieces = await encodeEntry(sealing, address, value, expires);
      const size = pieces.reduce((sum, { length }) => sum + length, 0);
      if (size > mostBytes / 4) return;
      await removing.get(address.file);
      await folder?.write(address.project, address.file, pieces, clock.now());
      keepOnDisk(heldAs(address, size, clock.now(), expires));
    } catch (error) {
      tell("The pipeline cache cannot be written", error);
    }
  }

  /** Learns what lies there: at the start, and again now and then, since others may write and clear too. */
  async function sweep(from: CacheFolder): Promise<void> {
    const startedAt = clock.now();
    const before = clearings;
    const found = new Map<string, Held>();
    for await (const { project, file, bytes, used: at, head } of from.scan(startedAt)) {
      const expires = expiryIn(head, project, file) ?? 0;
      if (expires <= startedAt || found.size >= 2 * mostEntries) remove({ project, file });
      else found.set(file, heldAs({ project, file, caller: callerOf(file) }, bytes, at, expires));
    }
    for (const held of disk.all()) {
      if (found.has(held.name)) found.set(held.name, held);
      else if (held.used >= startedAt) found.set(held.name, held);
      else disk.remove(held.name);
    }
    const spent = shareOfTurn();
    for (const held of [...found.values()].sort((a, b) => a.used - b.used)) {
      // What was cleared meanwhile lies there no more.
      if (clearings !== before) return await sweep(from);
      keepOnDisk(held);
      await spent();
    }
  }

  function startSweeping(): void {
    front.prune();
    if (folder === undefined) return;
    sweeping ??= sweep(folder)
      .catch((error) => tell("The folder of the pipeline cache cannot be read", error))
      .finally(() => {
        sweeping = undefined;
      });
  }

  async function settled(): Promise<void> {
    await sweeping;
    await queue.idle();
    await Promise.all(behind);
  }

  startSweeping();
  const timer = setInterval(startSweeping, bounds.sweepMs);
  timer.unref();

  return {
    settled,
    sizeOf: (project) => (folder === undefined ? front : disk).of(at.projectOf(project)),
    async get(scope, key) {
      const address = at.of(scope, key);
      const value = fromMemory(address.file) ?? (await readOnce(address));
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
      if (ttlMs <= 0 || value.length > bounds.characters) return remove(address);
      if (isClosed) return;
      const expires = clock.now() + ttlMs;
      front.put(address, value, expires);
      if (folder !== undefined) queue.put({ address, value, expires });
    },
    async stats() {
      await within(bounds.patienceMs, settled());
      return { ...(folder === undefined ? front : disk).total(), mostBytes, ...counts };
    },
    async clear(project) {
      const of = project === undefined ? undefined : at.projectOf(project);
      const queued = queue.addresses().filter((address) => of === undefined || address.project === of);
      const gone = new Set(
        [...front.all(of), ...disk.all(of)].map(({ name }) => name).concat(queued.map(({ file }) => file)),
      );
      for (const file of gone) {
        forget(file);
        disk.remove(file);
      }
      reading.clear();
      clearings++;
      try {
        await within(bounds.patienceMs, queue.current());
        for (const file of (await folder?.removeAll(of)) ?? []) gone.add(file);
      } catch (error) {
        tell("The pipeline cache cannot be cleared", error);
      }
      clearings++;
      return gone.size;
    },
    async close() {
      isClosed = true;
      clearInterval(timer);
      await within(bounds.patienceMs, settled());
    },
  };
}
