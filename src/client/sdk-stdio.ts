import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { within } from "../lib/wait.ts";

/** A server that is a program of this machine. */
export type Program = {
  words: readonly string[];
  /** All of its environment: the person who names it would start it in the same shell. */
  environment: Record<string, string>;
  /** Hears what it writes on standard error: its log, no part of what is judged, and the reason when it ends at once. */
  said: (text: string) => void;
};

export function started({ words, environment, said }: Program): StdioClientTransport {
  const [command = "", ...args] = words;
  const transport = new StdioClientTransport({ command, args, env: environment, stderr: "pipe" });
  transport.stderr?.on("data", (chunk: Uint8Array) => said(Buffer.from(chunk).toString()));
  return transport;
}

type Message = Record<string, unknown>;

/** Messages to a program as a suite writes them, and what it answers. */
export type Line = {
  /** Undefined when nothing was answered in time, or nothing is to be. */
  send: (message: Message, timeoutMs: number) => Promise<Message | undefined>;
  close: () => Promise<void>;
};

/** @throws Error when the program does not start */
export async function openLine(program: Program): Promise<Line> {
  const transport = started(program);
  const waiting = new Map<unknown, (message: Message) => void>();
  transport.onmessage = (message) => {
    if ("id" in message && !("method" in message)) waiting.get(message.id)?.(message);
  };
  await transport.start();
  return {
    async send(message, timeoutMs) {
      const { id } = message;
      const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
      await transport.send(message as Parameters<typeof transport.send>[0]);
      const answered = id === undefined ? undefined : await within(timeoutMs, answer);
      waiting.delete(id);
      return answered;
    },
    close: () => transport.close(),
  };
}
