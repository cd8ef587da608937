import { lstatSync, readFileSync, realpathSync, type Stats, statSync } from "node:fs";
import { messageOf, Problem } from "../../lib/problem.ts";
import { writeWhole } from "../../lib/whole-file.ts";

/** A client's file as it was found. `text` and `mode` are undefined when there is none. */
export type Found = {
  /** As it is called. */
  path: string;
  /** Where it really lies: behind links. */
  target: string;
  text: string | undefined;
  mode: number | undefined;
};

const mostBytes = 16 * 1024 * 1024;
const nothingChanged = { hint: "nothing was changed" };

/**
 * Looks at a file that is to be written. A link is followed, and stays a link.
 * @throws Problem `invalid` or `conflict` for what is no file, is of somebody else, cannot be read, or is no text
 */
export function lookAt(path: string): Found {
  const link = statsOf(() => lstatSync(path));
  if (link === undefined) return { path, target: path, text: undefined, mode: undefined };
  let target: string;
  try {
    target = realpathSync(path);
  } catch (error) {
    throw new Problem("invalid", `${path} is a link that leads nowhere`, { ...nothingChanged, cause: error });
  }
  const stats = statSync(target);
  if (!stats.isFile())
    throw new Problem("invalid", `${path} is ${stats.isDirectory() ? "a folder" : "no file"}`, nothingChanged);
  if (process.getuid !== undefined && stats.uid !== process.getuid())
    throw new Problem("conflict", `${path} belongs to somebody else`, nothingChanged);
  if (stats.size > mostBytes)
    throw new Problem("invalid", `${path} is larger than ${mostBytes / 1024 / 1024} MiB`, nothingChanged);
  return { path, target, text: textOf(path, target), mode: stats.mode & 0o777 };
}

function statsOf(look: () => Stats): Stats | undefined {
  try {
    return look();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw new Problem("invalid", messageOf(error), { ...nothingChanged, cause: error });
  }
}

function textOf(path: string, target: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(target));
  } catch (error) {
    const why = error instanceof TypeError ? "is not text in UTF-8" : `cannot be read: ${messageOf(error)}`;
    throw new Problem("invalid", `${path} ${why}`, { ...nothingChanged, cause: error });
  }
}

/**
 * Writes the file whole, in the mode that it had: whoever reads sees the old or the new. A new one is its owner's alone.
 * @throws Problem `conflict` when somebody wrote it since it was looked at, `invalid` when it cannot be written
 */
export function replace(found: Found, text: string): void {
  const lastly = () => {
    if (lookAt(found.path).text !== found.text)
      throw new Problem("conflict", `${found.path} was written by somebody else meanwhile`, {
        hint: "nothing was changed: try again",
      });
  };
  try {
    writeWhole(found.target, text, { mode: found.mode, lastly });
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem("invalid", `${found.path} cannot be written: ${messageOf(error)}`, {
      ...nothingChanged,
      cause: error,
    });
  }
}
