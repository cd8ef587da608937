import { constants } from "node:fs";
import {
  chmod,
  type FileHandle,
  lstat,
  lutimes,
  mkdir,
  open,
  opendir,
  readdir,
  rename,
  rm,
  rmdir,
  unlink,
} from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "../../../lib/crypto.ts";
import { headerBytes, isEntryFile, isProjectFolder } from "./entry.ts";

/** A file as it lies there: `head` is its first bytes. */
export type Found = { project: string; file: string; bytes: number; used: number; head: Buffer };

/** Some other process may have taken it away; nobody need hear of that. */
const isAbsent = (error: unknown): boolean => {
  const code = (error as { code?: unknown } | null)?.code;
  return code === "ENOENT" || code === "ENOTEMPTY" || code === "EEXIST";
};

// A link, a pipe or a folder under an entry's name is not ours: it is not followed, and not waited for.
const reading = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const fresh = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const unfinished = /^new-[0-9a-f]{16}$/;
const unfinishedMs = 600_000;

/** The files of a cache: a folder for each project, written whole or not at all, whoever else writes there and whenever we are killed. */
export type CacheFolder = ReturnType<typeof createCacheFolder>;

export function createCacheFolder(dir: string) {
  const path = (project: string, file: string) => join(dir, project, file);

  async function isFolder(project: string): Promise<boolean> {
    return (await lstat(join(dir, project))).isDirectory();
  }

  async function make(project: string): Promise<void> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    if (((await lstat(dir)).mode & 0o077) !== 0) await chmod(dir, 0o700);
    await mkdir(join(dir, project), { mode: 0o700 }).catch(async (error) => {
      if (!isAbsent(error)) throw error;
      if (await isFolder(project)) return;
      // Only the link goes, never what it leads to.
      await unlink(join(dir, project));
      await mkdir(join(dir, project), { mode: 0o700 });
    });
  }

  /** Whoever clears the project at this very moment takes its folder away, which is made once more then. */
  async function place(project: string, file: string, pieces: readonly Buffer[], used: number): Promise<void> {
    try {
      await placeOnce(project, file, pieces, used);
    } catch (error) {
      if (!isAbsent(error)) throw error;
      await placeOnce(project, file, pieces, used);
    }
  }

  async function placeOnce(project: string, file: string, pieces: readonly Buffer[], used: number): Promise<void> {
    if (!(await isFolder(project).catch(() => false))) await make(project);
    const draft = path(project, `new-${randomBytes(8).toString("hex")}`);
    try {
      const handle = await open(draft, fresh, 0o600);
      try {
        for (const piece of pieces) await handle.writeFile(piece);
        await handle.utimes(used / 1000, used / 1000);
      } finally {
        await handle.close();
      }
      await rename(draft, path(project, file));
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      throw error;
    }
  }

  async function* names(project: string): AsyncGenerator<string> {
    try {
      for await (const { name } of await opendir(join(dir, project))) yield name;
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }

  async function projects(): Promise<string[]> {
    const inside = await readdir(dir, { withFileTypes: true }).catch((error) => {
      if (isAbsent(error)) return [];
      throw error;
    });
    return inside.filter((entry) => entry.isDirectory() && isProjectFolder(entry.name)).map(({ name }) => name);
  }

  async function remove(project: string, file: string): Promise<boolean> {
    try {
      if (!(await isFolder(project))) return false;
      await unlink(path(project, file));
      return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  async function look(project: string, file: string): Promise<Found | undefined> {
    const handle = await open(path(project, file), reading);
    try {
      const { mtimeMs, size } = await regular(handle);
      const head = Buffer.alloc(Math.min(headerBytes, size));
      await handle.read(head, 0, head.length, 0);
      return { project, file, bytes: size, used: mtimeMs, head };
    } finally {
      await handle.close();
    }
  }

  return {
    remove,
    /** Undefined when there is none. @throws what is wrong with the file, such as that it is over `most` bytes or a link */
    async read(project: string, file: string, most: number): Promise<Buffer | undefined> {
      try {
        if (!(await isFolder(project))) throw new Error("the project's folder is not a folder");
        const handle = await open(path(project, file), reading);
        try {
          const { size } = await regular(handle);
          if (size > most) throw new Error("the file is too big");
          const bytes = Buffer.allocUnsafe(size);
          const { bytesRead } = await handle.read(bytes, 0, size, 0);
          return bytes.subarray(0, bytesRead);
        } finally {
          await handle.close();
        }
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
    /** Whole or not at all. A folder that was taken away meanwhile is made again. */
    write: (project: string, file: string, pieces: readonly Buffer[], used: number): Promise<void> =>
      place(project, file, pieces, used).catch((error) => {
        if (isAbsent(error)) return place(project, file, pieces, used);
        throw error;
      }),
    async touch(project: string, file: string, used: number): Promise<void> {
      if (await isFolder(project)) await lutimes(path(project, file), used / 1000, used / 1000);
    },
    /** Answers what was there; of all projects when none is given. */
    async removeAll(only?: string): Promise<string[]> {
      const gone: string[] = [];
      for (const project of only === undefined ? await projects() : [only]) {
        if (!(await isFolder(project).catch(() => false))) continue;
        for await (const file of names(project))
          if ((isEntryFile(file) || unfinished.test(file)) && (await remove(project, file)) && isEntryFile(file))
            gone.push(file);
        await rmdir(join(dir, project)).catch(() => {});
      }
      return gone;
    },
    /** Everything that lies there, file by file. What was left unfinished by a process that was killed is taken away. */
    async *scan(now: number): AsyncGenerator<Found> {
      for (const project of await projects()) {
        for await (const file of names(project)) {
          try {
            if (isEntryFile(file)) {
              const found = await look(project, file);
              if (found !== undefined) yield found;
            } else if (unfinished.test(file)) {
              if (now - (await lstat(path(project, file))).mtimeMs > unfinishedMs) await remove(project, file);
            }
          } catch {
            // It went meanwhile, or is none of ours; whoever asks for it is told that there is none.
          }
        }
      }
    },
  };
}

async function regular(handle: FileHandle): Promise<{ size: number; mtimeMs: number }> {
  const found = await handle.stat();
  if (!found.isFile()) throw new Error("it is not a file");
  return found;
}
