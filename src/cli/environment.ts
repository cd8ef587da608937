import { homedir } from "node:os";
import { join } from "node:path";
import type { Fetch } from "../client/client.ts";
import { type Keyring, mayHaveKeyring, systemKeyring } from "../client/keyring.ts";
import { systemClock } from "../lib/clock.ts";
import { Problem } from "../lib/problem.ts";

import { outputTo } from "./writing.ts";

/** How much fits on a terminal. */
export type Screen = { columns: number; rows: number };

/** What a command may touch. Tests hand in another; nothing else in this room reads the process. */
export type Env = {
  out: (text: string) => void;
  err: (text: string) => void;
  /** The same for who has others to serve: it waits for nobody who does not read. */
  errPatiently?: (text: string) => void;
  /** Standard output is a terminal: columns may be coloured, times told in words. */
  isTerminal: boolean;
  /** Undefined when standard output is no terminal: what is read by programs is not cut. */
  screen?: Screen | undefined;
  /**
   * Shows a line on standard error in the place of the one before; an empty one takes it away. Undefined when nobody watches: standard error is
   * no terminal.
   */
  /** Bytes as they are, for what is no text; resolves when there is room for more. */
  outBytes?: (chunk: Uint8Array) => Promise<void>;
  statusLine?: ((text: string) => void) | undefined;
  /** Somebody can answer a question. */
  isInteractive: boolean;
  variables: Record<string, string | undefined>;
  /** Unix time in milliseconds. */
  now: () => number;
  /** `~/.mcpctl` */
  home: string;
  /** @throws Problem `invalid` for what is too long or no UTF-8, and what the system says where it cannot be read */
  readFile: (path: string) => Promise<string>;
  readInput: () => Promise<string>;
  /** Standard input as it comes. */
  input: () => AsyncIterable<Uint8Array>;
  /** Writes a line to standard output; resolves once it was taken. */
  say: (line: string) => Promise<void>;
  /** Rejects with an AbortError when the person would rather not answer: Ctrl-C, Ctrl-D. */
  ask: (question: string, hidden?: boolean) => Promise<string>;
  /** Opens the person's editor on a file; answers its exit code. */
  edit: (path: string) => Promise<number>;
  fetch: Fetch;
  /** The instance that the last answer came from. */
  answeredBy?: () => string | undefined;
  /** Undefined where there is none: logins then lie in a file. */
  keyring?: Keyring | undefined;
  /** Aborted when nobody reads standard output any more; what goes on without end then ends. */
  readerGone?: AbortSignal;
  /** Tells of the first Ctrl-C, in place of ending at once; the second one ends. Answers how to stop listening. */
  onInterrupt?: (heard: () => void) => () => void;
};

/** That of this process. `isHeld` tells whether something keeps the process that no time limit ends. */
export function processEnvironment(): Env & { isHeld: () => boolean } {
  let isHeld = false;
  const reader = new AbortController();
  const out = outputTo(
    1,
    () => process.stdout,
    process.env,
    () => reader.abort(),
  );
  const err = outputTo(
    2,
    () => process.stderr,
    process.env,
    () => {},
  );
  return {
    out: out.line,
    err: err.line,
    errPatiently: (text) => void err.stream().write(`${text}\n`),
    get isTerminal() {
      return out.isTerminal();
    },
    get screen() {
      if (!out.isTerminal()) return undefined;
      const { columns = 80, rows = 24 } = out.stream();
      return { columns, rows };
    },
    get statusLine() {
      return err.isTerminal() ? statusLine : undefined;
    },
    get isInteractive() {
      return err.isTerminal() && process.stdin.isTTY === true;
    },
    variables: process.env,
    now: systemClock.now,
    home: join(process.env["HOME"] ?? homedir(), ".mcpctl"),
    readFile: (path) => textOf(Bun.file(path).stream(), path),
    readInput: () => textOf(Bun.stdin.stream(), "standard input"),
    input: () => Bun.stdin.stream(),
    say: (line) =>
      new Promise((resolve, reject) => {
        out.stream().write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
      }),
    outBytes: (chunk) =>
      new Promise((resolve, reject) => {
        out.stream().write(chunk, (error) => (error ? reject(error) : resolve()));
      }),
    ask,
    async edit(path) {
      const { editorOf, openEditor } = await import("./editor.ts");
      return await openEditor(editorOf(process.env, this.isInteractive), path);
    },
    fetch: (request, options) => {
      exemptLoopback(process.env);
      // Each request brings its own deadline; Bun's five minutes would cut quiet logs that are followed.
      return fetch(request, { ...options, timeout: false });
    },
    get keyring() {
      return mayHaveKeyring(process.platform, process.env) ? systemKeyring(() => (isHeld = true)) : undefined;
    },
    readerGone: reader.signal,
    isHeld: () => isHeld,
    onInterrupt(heard) {
      process.once("SIGINT", heard);
      return () => void process.off("SIGINT", heard);
    },
  };
}

const mostMiB = 32;

/** All that is there to be read, within bounds: a wrong file, or a pipe without end, is no reason to fill the memory. */
async function textOf(stream: ReadableStream<Uint8Array>, source: string): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let [text, length] = ["", 0];
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > mostMiB * 1024 * 1024) throw new Problem("invalid", `${source} is over ${mostMiB} MiB`);
    text += decoded(decoder, chunk, source);
  }
  return text + decoded(decoder, undefined, source);
}

function decoded(decoder: TextDecoder, chunk: Uint8Array | undefined, source: string): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (error) {
    throw new Problem("invalid", `${source} is not UTF-8`, { hint: "save it as UTF-8", cause: error });
  }
}

/** Cut before the last column: a line that wraps cannot be taken away again. */
function statusLine(text: string): void {
  process.stderr.write(`\r\u001b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
}

/**
 * Bun sends what is for this machine through HTTP_PROXY as well, bearer and all; others ask themselves directly. Each request looks again:
 * the lower-case variable, where there is one, stands before the other.
 */
function exemptLoopback(variables: Record<string, string | undefined>): void {
  const hasProxy = ["HTTP_PROXY", "HTTPS_PROXY"].some(
    (name) => (variables[name] ?? variables[name.toLowerCase()] ?? "") !== "",
  );
  if (!hasProxy) return;
  const named = variables["no_proxy"] ?? variables["NO_PROXY"] ?? "";
  if (named === "*" || named.endsWith(ownNames)) return;
  for (const name of ["no_proxy", "NO_PROXY"])
    variables[name] = [named, ownNames].filter((part) => part !== "").join(",");
}
const ownNames = "localhost,127.0.0.1,::1";

/** Asks on standard error, so that standard output stays what was asked for. Hidden input shows nothing. */
async function ask(question: string, hidden = false): Promise<string> {
  const [{ createInterface }, { Writable }] = await Promise.all([
    import("node:readline/promises"),
    import("node:stream"),
  ]);
  // What is typed is echoed by the reader itself, to its output: a hidden answer is read into an output that leads nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({
    input: process.stdin,
    output: hidden ? nowhere : process.stderr,
    terminal: true,
    historySize: 0,
  });
  if (hidden) process.stderr.write(question);
  try {
    return await reader.question(hidden ? "" : question);
  } finally {
    reader.close();
    if (hidden) process.stderr.write("\n");
  }
}
