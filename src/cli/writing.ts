import { fstatSync, statSync, writeSync } from "node:fs";
import { devNull } from "node:os";
import type { Env } from "./environment.ts";
import { plainSigns, speaksUnicode } from "./locale.ts";

type Stream = NodeJS.WriteStream;

/** Where lines go. `stream` is for who must wait until there is room. */
export type Output = { line: (text: string) => void; stream: () => Stream; isTerminal: () => boolean };

/**
 * Standard output or standard error, written without the platform's streams as long as that can be: to open one costs as much as the whole start of
 * an empty program. A reader who has gone, as in `mcpctl get servers | head -1`, is no error: there is nobody to tell.
 */
export function outputTo(fd: 1 | 2, platform: () => Stream, variables: Env["variables"], onGone: () => void): Output {
  let opened: Stream | undefined;
  let hasFailed = false;
  const onError = (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && !hasFailed) {
      hasFailed = true;
      // A full disk: what was asked for is not all there, whatever the verb thinks.
      process.once("exit", () => {
        process.exitCode = 1;
      });
      process.stderr.write(`error: what was to be written could not be: ${error.message}\n`);
    }
    onGone();
  };
  const stream = () => {
    opened ??= platform().on("error", onError);
    return opened;
  };
  // A pipe, a file and nothing are none, and need no stream to say so.
  const isTerminal = () => isDevice(fd) && stream().isTTY === true;
  return {
    stream,
    isTerminal,
    line(text) {
      const isPlain = !speaksUnicode(process.platform, variables) && isTerminal();
      const bytes = Buffer.from(`${isPlain ? plainSigns(text) : text}\n`);
      const left = opened === undefined ? written(fd, bytes, onError) : bytes;
      if (left.length > 0) stream().write(left);
    },
  };
}

function isDevice(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isCharacterDevice() && stat.rdev !== statSync(devNull).rdev;
  } catch {
    return false;
  }
}

/** Writes at once as much as a pipe takes, and answers the rest, which a stream then waits with; nothing is left where it failed, which `onError` is told. */
function written(fd: number, bytes: Buffer, onError: (error: NodeJS.ErrnoException) => void): Buffer {
  let left = bytes;
  try {
    while (left.length > 0) left = left.subarray(writeSync(fd, left));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return left;
    onError(error as NodeJS.ErrnoException);
    return Buffer.alloc(0);
  }
  return left;
}
