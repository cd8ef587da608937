/** How a process ended: its code, or the signal that ended it, and the last lines it wrote to standard error. */
export type Exit = { code: number | null; signal: string | null; stderr: readonly string[]; reason?: string };

/** One conversation with a server process over its standard input and output, a JSON-RPC message a line. */
export type Channel = {
  /** @throws Problem `unavailable` when the process has ended or does not read what it is sent */
  send: (text: string) => void;
  /** Raw text of each line that looks like JSON; the answer stops listening. */
  onMessage: (listener: (text: string) => void) => () => void;
  readonly closed: Promise<Exit>;
};
