import type { Meter } from "../../lib/counters.ts";
import type { Ending } from "../../lib/ending.ts";
import type { Problem } from "../../lib/problem.ts";
import type { ServerLimits } from "../../resources/limits.ts";
import type { Outcome } from "../answers.ts";
import { type Asker, outcomeTo } from "../asker.ts";
import type { Params } from "../params.ts";
import { type Abilities, answerMs, type Peer } from "../peer.ts";
import type { Era } from "../protocol.ts";

/** `ending` gives up early; the time is `callSeconds` of its limits when none is given, begun anew by progress and standing still while the client is asked. */
export type RequestOptions = {
  ending?: Ending;
  timeoutMs?: number;
  /** In which field that time stands. */
  setBy?: string;
  /** The time that the caller's project gives it at most, however much progress is told. */
  longestMs?: number;
  /** Who is to hear and to be asked what the server says during this request; without one it is told that nobody is. */
  peer?: Peer | undefined;
  /** The called tool's description as the server wrote it: its schema says which arguments are mirrored in headers. */
  tool?: string | undefined;
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
   * Sends a request under an id of our own; `params` is without anything of a hop. The outcome is the server's, as text. It fails with a
   * Problem `unavailable` when there is no answer: closed, refused, out of time. The call may have reached the server: never send it again.
   */
  ask: Ask;
  /** The same as a promise. */
  request: (method: string, params: Params, options?: RequestOptions) => Promise<Outcome>;
  notify: (method: string, params?: string) => Promise<void>;
  /**
   * Of these resources (their own URIs) and tasks the server is to tell every change from now on; what was said before no longer counts.
   * @throws Problem `unavailable` when the server cannot or will not
   */
  follow: (wanted: Followed) => Promise<void>;
  /** How many requests of clients have no answer yet. */
  underWay: () => number;
  /** Why there is nothing more to be had from this conversation, once that is so. */
  readonly ended: Promise<Problem>;
  close: () => void;
};

export type Ask = (method: string, params: Params, options: RequestOptions, asker: Asker) => void;

/** A way of asking as a promise. */
export const requesting =
  (ask: Ask): Upstream["request"] =>
  (method, params, options = {}) =>
    outcomeTo((asker) => ask(method, params, options, asker));

/** The same conversation, asked in another way. */
export const askedBy = <U extends Upstream>(upstream: U, ask: Ask): U => ({
  ...upstream,
  ask,
  request: requesting(ask),
});

export type Followed = { resources: readonly string[]; tasks: readonly string[] };

/** Who hears what a server says outside of any call, and what was said of those who may be asked. */
export type Opening = {
  /** What this server may do to us, and how long it is waited for. */
  limits: ServerLimits;
  /** Where it is counted what it does. */
  meter?: Meter | undefined;
  /** Declared exactly so in the legacy era; in the modern one each request declares its own. */
  abilities: Abilities;
  /** Such as `notifications/tools/list_changed` or `notifications/resources/updated`; `params` is JSON text. */
  onNotification: (method: string, params: string) => void;
  /** A request that belongs to no call; without this the server is told that there is nobody to ask. */
  onAsk?: ((method: string, params: string, signal: AbortSignal) => Promise<Outcome>) | undefined;
};

/** What no server needs otherwise; all else is `Opening.limits`. */
export const limits = {
  /** However much progress is told, and without the time in which the client was asked. */
  longestCallMs: 10 * 60_000,
  askMs: answerMs,
  /** Requests of our own, for no caller: what a server offers and whether it lives is asked however many calls wait. */
  own: 64,
  asks: 32,
  /** Requests of a server's that are being answered; what it asks beyond is not even refused. */
  answering: 128,
  /** Resources and tasks of one server that it is asked to tell of, for all clients together. */
  followed: 10_000,
} as const;
