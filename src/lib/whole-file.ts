import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * Puts a file in its place whole: whoever reads sees the old or the new, never a part, also when the power fails. It is its owner's alone where no
 * mode is said. `lastly` is asked before it takes its place: what that throws leaves all as it was.
 */
export function writeWhole(
  path: string,
  text: string,
  { mode = 0o600, lastly }: { mode?: number | undefined; lastly?: () => void } = {},
): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // In a folder that others may write to nobody knows this name beforehand, and what stands there is not followed.
  const temporary = `${path}.${process.pid}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    const file = openSync(temporary, "wx", mode);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    // What the umask took from it when it was made.
    chmodSync(temporary, mode);
    lastly?.();
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Writes a file for nobody but its owner. @throws Error for what is no file: root would put one in the place of /dev/null */
export function writePrivately(path: string, text: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error(`${path} is no regular file`);
  writeWhole(path, text);
}
