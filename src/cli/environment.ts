import { homedir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../lib/clock.ts";

/** What a command may touch. Tests hand in another; nothing else in this room reads the process. */
export type Env = {
  out: (text: string) => void;
  err: (text: string) => void;
  /** Standard output is a terminal: columns may be coloured, times told in words. */
  isTerminal: boolean;
  /** Somebody can answer a question. */
  isInteractive: boolean;
  variables: Record<string, string | undefined>;
  /** Unix time in milliseconds. */
  now: () => number;
  /** `~/.mcpctl` */
  home: string;
  readFile: (path: string) => Promise<string>;
  readInput: () => Promise<string>;
  ask: (question: string, hidden?: boolean) => Promise<string>;
  fetch: (request: Request) => Promise<Response>;
};

export function processEnvironment(): Env {
  const out = writer(() => process.stdout);
  const err = writer(() => process.stderr);
  return {
    out,
    err,
    // Asked only when needed: looking costs two milliseconds, a third of what serve takes to be ready.
    get isTerminal() {
      return process.stdout.isTTY === true;
    },
    get isInteractive() {
      return process.stdin.isTTY === true && process.stderr.isTTY === true;
    },
    variables: process.env,
    now: systemClock.now,
    home: join(process.env["HOME"] ?? homedir(), ".mcpctl"),
    readFile: (path) => Bun.file(path).text(),
    readInput: () => Bun.stdin.text(),
    ask,
    fetch: (request) => fetch(request),
  };
}

/** Opened at the first line: the streams cost more than all else that a start does. */
function writer(stream: () => NodeJS.WriteStream): (text: string) => void {
  let opened: NodeJS.WriteStream | undefined;
  return (text) => {
    opened ??= stream().on("error", onBrokenPipe);
    opened.write(`${text}\n`);
  };
}

/** The reader has gone, as in `mcpctl get servers | head -1`: there is nobody to tell. */
function onBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

/** Asks on standard error, so that standard output stays what was asked for. Hidden input shows nothing. */
async function ask(question: string, hidden = false): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const reader = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  if (hidden) {
    process.stderr.write(question);
    (reader as unknown as { _writeToOutput: () => void })._writeToOutput = () => {};
  }
  try {
    return await reader.question(hidden ? "" : question);
  } finally {
    reader.close();
    if (hidden) process.stderr.write("\n");
  }
}
