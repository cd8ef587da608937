import type { Outcome } from "../answers.ts";
import type { Peer } from "../peer.ts";
import type { Era } from "../protocol.ts";

/** `signal` gives up early; the time is 60 s when none is given, begun anew by progress and standing still while the client is asked. */
export type RequestOptions = {
  signal?: AbortSignal;
  timeoutMs?: number;
  /** Who is to hear and to be asked what the server says during this request; without one it is told that nobody is. */
  peer?: Peer;
  /** The called tool's description as the server wrote it: its schema says which arguments are mirrored in headers. */
  tool?: string;
};

/** What a server says of itself, and how it is spoken to. */
export type Introduction = {
  era: Era;
  protocolVersion: string;
  serverInfo: unknown;
  capabilities: Record<string, unknown>;
  instructions?: string;
};

/** One conversation with one MCP server, initialised, whatever it runs over. */
export type Upstream = Introduction & {
  /**
   * Sends a request under an id of our own; `params` is JSON text without anything of a hop. The outcome is the server's, as text.
   * @throws Problem `unavailable` when there is no answer: closed, refused, out of time. The call may have reached the server: never send it again.
   */
  request: (method: string, params: string, options?: RequestOptions) => Promise<Outcome>;
  notify: (method: string, params?: string) => Promise<void>;
  /** What the server says outside of any call, such as `notifications/tools/list_changed` or `notifications/resources/updated`. */
  onNotification: (listener: (method: string, params: string) => void) => void;
  /** Of these resources (their own URIs) and tasks the server is to tell every change from now on; what was said before no longer counts. */
  follow: (wanted: Followed) => Promise<void>;
  close: () => void;
};

export type Followed = { resources: readonly string[]; tasks: readonly string[] };

export const limits = {
  callMs: 60_000,
  initializeMs: 30_000,
  connectMs: 5_000,
  inFlight: 128,
  messageBytes: 10 * 1024 * 1024,
} as const;
