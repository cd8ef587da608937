import type { Outcome } from "./answers.ts";

/** `signal` gives up early; the time is 60 s when none is given. */
export type RequestOptions = { signal?: AbortSignal; timeoutMs?: number };

/** One conversation with one MCP server, initialised, whatever it runs over. */
export type Upstream = {
  readonly serverInfo: unknown;
  readonly capabilities: Record<string, unknown>;
  readonly protocolVersion: string;
  /**
   * Sends a request under an id of our own; `params` is JSON text. The outcome is the server's, as text.
   * @throws Problem `unavailable` when there is no answer: closed, refused, out of time. The call may have reached the server: never send it again.
   */
  request: (method: string, params: string, options?: RequestOptions) => Promise<Outcome>;
  notify: (method: string, params?: string) => Promise<void>;
  /** Names of notifications, such as `notifications/tools/list_changed`. */
  onNotification: (listener: (method: string) => void) => void;
  close: () => void;
};

export const limits = {
  callMs: 60_000,
  initializeMs: 30_000,
  connectMs: 5_000,
  inFlight: 128,
  messageBytes: 10 * 1024 * 1024,
} as const;
