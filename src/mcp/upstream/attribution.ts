import { type LogLevel, logLevels, type Peer } from "../peer.ts";

/** A call under way, as far as it matters to whom a server's words belong. */
export type Heard = { id: number; peer: Peer | undefined };

/**
 * The call that a server's request belongs to: the one on whose stream it came; else the only one under way; else the newest, when all are one
 * caller's. `nobody` when there is none, `unclear` when it may be another caller's: those are never guessed at (reference/protocol.md §3.3).
 */
export function callAsked<Call extends Heard>(
  calls: ReadonlyMap<number, Call>,
  via: number | undefined,
): Call | "nobody" | "unclear" {
  if (via !== undefined) return calls.get(via) ?? "nobody";
  const candidates = [...calls.values()].filter(({ peer }) => peer !== undefined);
  const newest = candidates.at(-1);
  if (newest === undefined) return "nobody";
  return candidates.every(({ peer }) => peer?.subject === newest.peer?.subject) ? newest : "unclear";
}

/**
 * The call that hears a log message: that of the stream it came on, else the only one that wants any, unless somebody else calls too. Servers log
 * without being asked to, so the message may be about a call that wants none.
 */
export function callLogged<Call extends Heard>(
  calls: ReadonlyMap<number, Call>,
  via: number | undefined,
  level: unknown,
): Call | undefined {
  const call = via === undefined ? onlyWanting([...calls.values()]) : calls.get(via);
  const wanted = call?.peer?.logLevel;
  if (call === undefined || wanted === undefined) return undefined;
  return logLevels.indexOf(level as LogLevel) >= logLevels.indexOf(wanted) ? call : undefined;
}

function onlyWanting<Call extends Heard>(calls: readonly Call[]): Call | undefined {
  const [wanting, another] = calls.filter(({ peer }) => peer?.logLevel !== undefined);
  const isShared = calls.some(({ peer }) => peer !== undefined && peer.subject !== wanting?.peer?.subject);
  return another === undefined && !isShared ? wanting : undefined;
}
