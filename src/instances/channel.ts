import type { Piece } from "../lib/pieces.ts";

/** How a process ended: its code, or the signal that ended it, and the last lines it wrote to standard error. */
export type Exit = {
  code: number | null;
  signal: string | null;
  stderr: readonly string[];
  reason?: string;
  /** We ended it for a line that was too long. */
  isOverlong?: true;
};

/** A server that runs: a process of ours or a container, and how it is spoken to. */
export type Run = {
  /** Over its standard input and output, or at an address of this machine where it serves HTTP. */
  readonly via: Channel | { url: string };
  /** Of a process. */
  readonly pid?: number;
  /** The engine's id of a container. */
  readonly container?: string;
  /** Once it has ended, by itself or because it was stopped; never rejects. */
  readonly closed: Promise<Exit>;
  /** In good order within seconds, or at once when `fast`. Never rejects; several calls are one. */
  stop: (fast: boolean) => Promise<Exit>;
};

/** What a server is sent; what is long comes in pieces. */
export type Message = string | readonly Piece[];

/** One conversation with a server process over its standard input and output, a JSON-RPC message a line. */
export type Channel = {
  /** @throws Problem `unavailable` when the process has ended or does not read what it is sent */
  send: (message: Message) => void;
  /** Raw text of each line that looks like JSON; a promise has the next one wait. The answer stops listening. */
  onMessage: (listener: (text: string) => unknown) => () => void;
  readonly closed: Promise<Exit>;
};
