import type { Extra } from "../../instances/instance.ts";
import type { ServerState } from "../../instances/server-state.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Counters } from "../../lib/counters.ts";
import type { Log } from "../../lib/log.ts";
import { messageOf } from "../../lib/problem.ts";
import { serverLimitsOf } from "../../resources/limits.ts";
import type { ServerFields } from "../../resources/server.ts";
import type { Outcome } from "../answers.ts";
import type { Abilities, Peer } from "../peer.ts";
import { anotherWith } from "./another.ts";
import { unreachable } from "./failures.ts";
import type { HttpTarget } from "./http-client.ts";
import { type Another, createPrivates, hearsLogs, interactive, needsOwn, programOf } from "./private.ts";
import { createShared } from "./shared.ts";
import type { Opening, Upstream } from "./upstream.ts";
import type { Verdicts } from "./verdicts.ts";

/** A server as the gateway knows it. */
export type ServerRef = { id: string; name: string; version: number; fields: ServerFields };

export type ConnectionOptions = {
  clock: Clock;
  counters?: Counters;
  log: Log;
  verdicts: Verdicts;
  /** Address and headers of a server reached by url, secrets included. @throws Problem when a secret is missing */
  targetOf: (server: ServerRef) => Promise<HttpTarget>;
  /** Takes a server's own secrets out of what it says why it cannot be used. */
  blotOf: (serverId: string) => (text: string) => string;
  /** How a server that we run ourselves fares, and why it has no connection at this moment. */
  serverStateOf: (serverId: string) => ServerState;
  /** Starts one that sleeps. */
  wake: (serverId: string) => void;
  /** Starts one more process of a server that we run ourselves. @throws Problem `unavailable` */
  startProcess: (serverId: string) => Promise<Extra>;
  /**
   * What a server says outside of any call: that a list or a resource changed, a task's state, an elicitation that is complete. `subject` is
   * there when it was said in the conversation of one caller alone. `params` is JSON text.
   */
  onNotification: (server: ServerRef, method: string, params: string, subject: string | undefined) => void;
  /** A server's request that belongs to no call, in the conversation of this caller alone. Without it servers are told that nobody is there. */
  onAsk?: (server: ServerRef, subject: string, method: string, params: string, signal: AbortSignal) => Promise<Outcome>;
};

/**
 * One shared conversation for each server, which serves everybody whom it needs to ask nothing; and one for each caller whom a legacy server may ask
 * or who hears its log.
 */
export type Connections = ReturnType<typeof createConnections>;

export function createConnections(options: ConnectionOptions) {
  const { onNotification, onAsk, blotOf } = options;
  const boundsOf = ({ name, fields }: ServerRef): Pick<Opening, "limits" | "meter"> => ({
    limits: serverLimitsOf(fields),
    meter: options.counters?.of(name),
  });
  const shared = createShared({ ...options, boundsOf });
  const openAnother = anotherWith({ ...options, shared });
  const privates = createPrivates(options.clock);
  /** How to end the conversations that are opened for a look. */
  const looks = new Set<() => void>();

  /**
   * The conversation in which this peer's call is carried on; at once when it is there.
   * @throws Problem `unavailable`, naming the server and why
   */
  function get(server: ServerRef, peer?: Peer): Upstream | Promise<Upstream> {
    const common = shared.there(server, peer?.subject) ?? shared.get(server, peer?.subject);
    if (peer === undefined) return common;
    return common instanceof Promise ? chosenOnce(server, peer, common) : chosen(server, peer, common);
  }

  const chosenOnce = async (server: ServerRef, peer: Peer, common: Promise<Upstream>): Promise<Upstream> =>
    await chosen(server, peer, await common);

  const chosen = (server: ServerRef, peer: Peer, common: Upstream): Upstream | Promise<Upstream> =>
    needsOwn(common, peer) ? getOwn(server, peer, common) : common;

  async function getOwn(server: ServerRef, peer: Peer, { capabilities }: Upstream): Promise<Upstream> {
    const owner = {
      subject: peer.subject,
      program: programOf(peer.clientInfo),
      abilities: interactive(peer.abilities),
      hearsLogs: hearsLogs(capabilities, peer),
    };
    try {
      return await privates.get(server.id, owner, () => openOwn(server, peer));
    } catch (error) {
      throw unreachable(server, blotOf(server.id)(messageOf(error)));
    }
  }

  async function openOwn(server: ServerRef, peer: Peer): Promise<Another> {
    const { subject } = peer;
    const opening: Opening = {
      ...boundsOf(server),
      abilities: interactive(peer.abilities),
      onNotification: (method, params) => onNotification(server, method, params, subject),
      onAsk: onAsk && ((method, params, signal) => onAsk(server, subject, method, params, signal)),
    };
    return await openAnother(server, opening, subject);
  }

  /** Lets `look` see a conversation that is opened for nobody: as the server speaks with clients of these abilities. It ends when the look does. */
  async function lookAs<T>(
    server: ServerRef,
    abilities: Abilities,
    look: (upstream: Upstream) => Promise<T>,
  ): Promise<T> {
    const { upstream } = await openAnother(server, {
      ...boundsOf(server),
      abilities,
      onNotification: () => {},
    });
    const end = () => upstream.close();
    looks.add(end);
    try {
      return await look(upstream);
    } finally {
      looks.delete(end);
      end();
    }
  }

  return {
    get,
    lookAs,
    rootsChanged: privates.rootsChanged,
    /** Whether this caller has a conversation of its own with a server: what is said there is nobody else's. */
    isAlone: privates.has,
    attach: shared.attach,
    /** Nothing new is asked of this copy of a server; resolves once what was asked is answered, or after 25 s. */
    retire: async (copy: string): Promise<void> => {
      await Promise.all([shared.retire(copy), privates.retire((held) => held.copy === copy)]);
    },
    usage(serverId: string) {
      const { usedAt, underWay } = shared.usage(serverId);
      return { usedAt: Math.max(usedAt, privates.usedAt(serverId)), underWay: underWay + privates.busy(serverId) };
    },
    conversations: shared.conversations,
    reach: shared.reach,
    breakerOf: shared.breakerOf,
    answeredAt: shared.answeredAt,
    /** Whether it starts only when somebody needs it: what is known of it is good enough until then. */
    sleeps: ({ id, fields }: ServerRef): boolean => fields.url === undefined && options.serverStateOf(id).sleeps,
    follow: shared.follow,
    unfollow: shared.unfollow,
    stateOf: shared.stateOf,
    spokenOf: shared.spokenOf,
    broken: shared.broken,
    /** The conversation with a server reached by url ends; the next call opens another. */
    letGo: shared.letGo,
    /** After a change: lets go of servers that are gone, and of addresses or credentials that are no longer theirs. */
    async sync(servers: readonly ServerRef[]): Promise<void> {
      const { gone, changed } = await shared.sync(servers);
      for (const id of gone) privates.drop(id);
      for (const id of changed) void privates.retire(({ serverId }) => serverId === id);
    },
    close(): void {
      shared.close();
      privates.close();
      for (const end of looks) end();
    },
  };
}
