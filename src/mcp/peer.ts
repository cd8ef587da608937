import type { Outcome } from "./answers.ts";

/** RFC 5424's levels as MCP writes them, quietest last. */
export const logLevels = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"] as const;
export type LogLevel = (typeof logLevels)[number];

export const asLogLevel = (level: unknown): LogLevel | undefined =>
  logLevels.includes(level as LogLevel) ? (level as LogLevel) : undefined;

/**
 * What a client said that it may be asked for, in its own words: `elicitation` (`{form, url}`; `{}` means form only), `sampling`, `roots`.
 * `extensions` are those it knows, by their id.
 */
export type Abilities = { elicitation?: object; sampling?: object; roots?: object; extensions?: object };

/** How long a person may take to answer. */
export const answerMs = 10 * 60_000;

/**
 * The client's side of one call as its upstream sees it, whatever era either of them speaks. An upstream of either era says what it has to
 * say through this, and the downstream of either era carries it on: so each pair of eras is one writing of each half.
 */
export type Peer = {
  /** Who calls, by id: two callers never share a conversation in which a server may ask something. */
  subject: string;
  abilities: Abilities;
  /** `{name, version, …}` as the client said it; undefined when it did not. */
  clientInfo: object | undefined;
  /** JSON text of the client's own progress token; undefined when it does not want to be told. */
  progressToken: string | undefined;
  /** From this level on the client wants log messages; undefined: none at all. */
  logLevel: LogLevel | undefined;
  /**
   * Passes on what a server says during the call: `notifications/progress` (with the client's own token again) and `notifications/message`.
   * Never throws; what nobody listens to any more is dropped. `params` is JSON text.
   */
  notify: (method: string, params: string) => void;
  /**
   * Asks the client `elicitation/create`, `sampling/createMessage` or `roots/list`; resolves with its answer, which may take minutes.
   * An ability that it did not declare is refused with an error outcome, unasked. `signal` fires when nobody waits for the answer any more.
   */
  ask: (method: string, params: string, signal: AbortSignal) => Promise<Outcome>;
  /** The server let go of the call's stream and is asked again after so long: a client that can do the same is let go of as well. */
  pause?: (retryMs: number) => void;
  /** A modern client answers `input_required` by itself, with its next request: such a result then goes through as it is. */
  takesInput: boolean;
};

/** Whether a client that declared these abilities may be asked this (elicitation without a word on modes means forms only). */
export function canAnswer(abilities: Abilities, method: string, params: string): boolean {
  if (method === "sampling/createMessage") return abilities.sampling !== undefined;
  if (method === "roots/list") return abilities.roots !== undefined;
  if (method !== "elicitation/create" || abilities.elicitation === undefined) return false;
  const { mode } = JSON.parse(params) as { mode?: unknown };
  const modes = abilities.elicitation as { form?: unknown; url?: unknown };
  return mode === "url" ? modes.url !== undefined : modes.form !== undefined || modes.url === undefined;
}
