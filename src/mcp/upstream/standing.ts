import type { Era } from "../protocol.ts";
import type { ServerRef } from "./connections.ts";
import type { Conversations } from "./conversations.ts";
import type { Guards } from "./guards.ts";
import { protocolOf } from "./negotiate.ts";
import type { Verdicts } from "./verdicts.ts";

export type ConnectionState = { state: "STARTING" | "RUNNING" | "ERROR"; reason?: string };

/** How matters stand with each server, for people to see. It changes nothing. */
export function standing(
  heldOf: (serverId: string) => { conversations: Conversations; usedAt: number } | undefined,
  guards: Guards,
  verdicts: Verdicts,
) {
  const conversationsOf = (serverId: string) => heldOf(serverId)?.conversations;

  return {
    /** The connection's state, for servers reached by url; processes have instances to tell theirs. */
    stateOf({ id }: ServerRef): ConnectionState {
      if (conversationsOf(id)?.isEmpty() === false) return { state: "RUNNING" };
      const reason = guards.breakerOf(id)?.last;
      return reason === undefined ? { state: "STARTING" } : { state: "ERROR", reason };
    },
    /** How it is spoken to at this moment, and since when it is known to be so. */
    spokenOf(server: ServerRef): { protocol: string; era: Era; since?: string } | undefined {
      const upstream = conversationsOf(server.id)?.lead();
      if (upstream === undefined) return undefined;
      const { era, protocolVersion } = upstream;
      const verdict = protocolOf(server.fields) === "auto" ? verdicts.of(server) : undefined;
      const since = verdict?.era === era ? { since: new Date(verdict.decidedAt).toISOString() } : {};
      return { protocol: protocolVersion, era, ...since };
    },
    /** When a caller last needed it, Unix ms, and how many calls it has to answer. */
    usage: (serverId: string): { usedAt: number; underWay: number } => ({
      usedAt: heldOf(serverId)?.usedAt ?? 0,
      underWay: conversationsOf(serverId)?.underWay() ?? 0,
    }),
    /** All that is spoken in at this moment; `instance` is there where the copy is ours. */
    conversations: ({ id }: ServerRef) => conversationsOf(id)?.all() ?? [],
    /** Where a copy of ours serves, if that is how it is spoken to: the one for this caller. */
    addressOf: ({ id }: ServerRef, subject: string | undefined) => conversationsOf(id)?.addressFor(subject),
    /** By the instance of a copy of ours, or the id of a server reached by url. */
    breakerOf: guards.breakerOf,
    /** Likewise; Unix milliseconds. */
    answeredAt: guards.answeredAt,
  };
}
