import type { Channel } from "../../instances/channel.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/problem.ts";
import type { ServerFields } from "../../resources/server.ts";
import type { Outcome } from "../answers.ts";
import type { Peer } from "../peer.ts";
import { unreachable } from "./failures.ts";
import type { HttpTarget } from "./http.ts";
import { openAt, openProcess } from "./negotiate.ts";
import { createPrivates, hearsLogs, interactive, needsOwn } from "./private.ts";
import { createShared } from "./shared.ts";
import type { Opening, Upstream } from "./upstream.ts";
import type { Verdicts } from "./verdicts.ts";

/** A server as the gateway knows it. */
export type ServerRef = { id: string; name: string; version: number; fields: ServerFields };

/** A process that serves one caller alone. */
type OwnProcess = Channel & { stop: (fast: boolean) => Promise<unknown> };

export type ConnectionOptions = {
  clock: Clock;
  verdicts: Verdicts;
  /** Address and headers of a server reached by url, secrets included. @throws Problem when a secret is missing */
  targetOf: (server: ServerRef) => Promise<HttpTarget>;
  /** How a server that we run ourselves fares, and why it has no connection at this moment. */
  processState: (serverId: string) => { starting: boolean; reason: string };
  /** Starts one more process of a server that we run ourselves. @throws Problem `unavailable` */
  startProcess: (serverId: string) => Promise<OwnProcess>;
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
  const { targetOf, startProcess, onNotification, onAsk } = options;
  const shared = createShared(options);
  const privates = createPrivates(options.clock);

  /**
   * The conversation in which this peer's call is carried on. Lists that depend on what a client declared are a peer's own as well: asked for in
   * the conversation that is answered here for a peer with those abilities, a legacy server gives the variant that it gives to such clients.
   * @throws Problem `unavailable`, naming the server and why
   */
  async function get(server: ServerRef, peer?: Peer): Promise<Upstream> {
    const common = await shared.get(server);
    if (peer === undefined || !needsOwn(common, peer)) return common;
    const key = JSON.stringify([interactive(peer), hearsLogs(common.capabilities, peer)]);
    try {
      return await privates.get(server.id, peer.subject, key, () => openOwn(server, peer));
    } catch (error) {
      throw unreachable(server, messageOf(error));
    }
  }

  async function openOwn(server: ServerRef, peer: Peer): Promise<Upstream> {
    const { subject } = peer;
    const opening: Opening = {
      abilities: interactive(peer),
      onNotification: (method, params) => onNotification(server, method, params, subject),
      onAsk: onAsk && ((method, params, signal) => onAsk(server, subject, method, params, signal)),
    };
    if (server.fields.url !== undefined) return await openAt(await targetOf(server), server.fields, "legacy", opening);
    const own = await startProcess(server.id);
    return await openProcess({ ...own, end: () => void own.stop(false) }, "legacy", undefined, opening);
  }

  return {
    get,
    attach: shared.attach,
    follow: shared.follow,
    unfollow: shared.unfollow,
    stateOf: shared.stateOf,
    spokenOf: shared.spokenOf,
    broken: shared.broken,
    /** After a change: lets go of servers that are gone, and of addresses or credentials that are no longer theirs. */
    async sync(servers: readonly ServerRef[]): Promise<void> {
      for (const id of await shared.sync(servers)) privates.drop(id);
    },
    close(): void {
      shared.close();
      privates.close();
    },
  };
}
