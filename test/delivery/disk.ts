import { closeSync, mkdirSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A place for data on which no more can be written when one likes, and the process that writes there, by its id. */
export type Disk = {
  name: string;
  dataDir: string;
  fill: (pid: number) => void;
  free: (pid: number) => void;
  remove: () => void;
};

/** A small disk of its own (the log before a checkpoint has 4 MiB), filled to the last byte: ENOSPC. Undefined where one may not be mounted. */
export function smallDisk(): Disk | undefined {
  const mount = mkdtempSync(join(tmpdir(), "mcpctl-disk-"));
  const words = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "mcpctl-test", mount];
  if (!succeeds(words)) {
    rmdirSync(mount);
    return undefined;
  }
  const balloon = join(mount, "balloon");
  const dataDir = join(mount, "data");
  mkdirSync(dataDir, { mode: 0o700 });
  return {
    name: "a disk that is full",
    dataDir,
    fill: () => inflate(balloon),
    free: () => rmSync(balloon, { force: true }),
    remove: () => {
      succeeds(["umount", "-l", mount]);
      rmdirSync(mount);
    },
  };
}

/** A process that may not write beyond the first bytes of any file: EFBIG, which SQLite takes for an error of the disk. */
export function forbiddenDisk(): Disk {
  const folder = mkdtempSync(join(tmpdir(), "mcpctl-disk-"));
  const limit = (pid: number, bytes: string) => {
    if (!succeeds(["prlimit", "--pid", String(pid), `--fsize=${bytes}:unlimited`])) throw new Error("prlimit failed");
  };
  return {
    name: "a disk that takes nothing",
    dataDir: join(folder, "data"),
    fill: (pid) => limit(pid, "512"),
    free: (pid) => limit(pid, "unlimited"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const succeeds = (words: string[]): boolean =>
  Bun.which(words[0] ?? "") !== null && Bun.spawnSync(words, { stdout: "ignore", stderr: "ignore" }).exitCode === 0;

function inflate(path: string): void {
  const file = openSync(path, "a");
  for (let size = 64 * 1024; size >= 1; ) {
    try {
      writeSync(file, Buffer.alloc(size));
    } catch {
      size = Math.floor(size / 2);
    }
  }
  closeSync(file);
}
