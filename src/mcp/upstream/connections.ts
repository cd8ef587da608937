import type { Channel } from "../../instances/channel.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { sleep } from "../../lib/wait.ts";
import type { ServerFields } from "../../resources/server.ts";
import type { Peer } from "../peer.ts";
import type { HttpTarget } from "./http-exchange.ts";
import type { Followed, Upstream } from "./upstream.ts";
import { openHttp } from "./upstream-http.ts";
import { openStdio } from "./upstream-stdio.ts";

/** A server as the gateway knows it. */
export type ServerRef = { id: string; name: string; version: number; fields: ServerFields };

export type ConnectionState = { state: "STARTING" | "RUNNING" | "ERROR"; reason?: string };

type Entry = {
  upstream?: Upstream;
  opening?: Promise<Upstream>;
  target?: string;
  failure?: { reason: string; at: number };
};

type Options = {
  clock: Clock;
  /** Address and headers of a server reached by url, secrets included. @throws Problem when a secret is missing */
  targetOf: (server: ServerRef) => Promise<HttpTarget>;
  /** How a server that we run ourselves fares, and why it has no connection at this moment. */
  processState: (serverId: string) => { starting: boolean; reason: string };
  onNotification: (server: ServerRef, method: string, params: string) => void;
};

/** How long a server that could not be reached is left alone, so that it delays nobody but the first who asked. */
const leaveAloneMs = 10_000;
/** How long a call waits for a process that is just starting, rather than fail for being early. */
const startingMs = 15_000;

/** One shared conversation for each server. Processes are attached when they start, addresses are opened when they are needed. */
export type Connections = ReturnType<typeof createConnections>;

export function createConnections({ clock, targetOf, processState, onNotification }: Options) {
  const entries = new Map<string, Entry>();

  function entryOf(id: string): Entry {
    const entry = entries.get(id) ?? {};
    entries.set(id, entry);
    return entry;
  }

  function adopt(server: ServerRef, entry: Entry, upstream: Upstream): Upstream {
    upstream.onNotification((method, params) => onNotification(server, method, params));
    entry.upstream = upstream;
    delete entry.failure;
    return upstream;
  }

  /** Speaks to a process that has just started. It replaces the conversation with the one before. */
  async function attach(server: ServerRef, channel: Channel): Promise<Upstream> {
    const upstream = await openStdio(channel);
    const entry = entryOf(server.id);
    entry.upstream?.close();
    adopt(server, entry, upstream);
    void channel.closed.then(() => {
      if (entry.upstream === upstream) delete entry.upstream;
    });
    return upstream;
  }

  /** @throws Problem `unavailable`, naming the server and why */
  async function get(server: ServerRef, _peer?: Peer): Promise<Upstream> {
    const entry = entryOf(server.id);
    if (entry.upstream !== undefined) return entry.upstream;
    if (server.fields.url === undefined) return await started(server);
    if (entry.failure !== undefined && clock.now() - entry.failure.at < leaveAloneMs)
      throw unreachable(server, entry.failure.reason);
    entry.opening ??= open(server, entry).finally(() => {
      delete entry.opening;
    });
    return await entry.opening;
  }

  async function started(server: ServerRef): Promise<Upstream> {
    const end = clock.now() + startingMs;
    for (;;) {
      const upstream = entries.get(server.id)?.upstream;
      if (upstream !== undefined) return upstream;
      const { starting, reason } = processState(server.id);
      if (!starting || clock.now() >= end) throw unreachable(server, reason);
      await sleep(50);
    }
  }

  async function open(server: ServerRef, entry: Entry): Promise<Upstream> {
    try {
      if (server.fields.transport === "sse")
        throw new Problem("unavailable", "the sse transport is not supported yet; use http");
      const target = await targetOf(server);
      entry.target = JSON.stringify(target);
      return adopt(server, entry, await openHttp(target));
    } catch (error) {
      entry.failure = { reason: messageOf(error), at: clock.now() };
      throw unreachable(server, entry.failure.reason);
    }
  }

  function drop(serverId: string): void {
    entries.get(serverId)?.upstream?.close();
    entries.delete(serverId);
  }

  /** After a change: lets go of servers that are gone, and of addresses or credentials that are no longer theirs. */
  async function sync(servers: readonly ServerRef[]): Promise<void> {
    const byId = new Map(servers.map((server) => [server.id, server]));
    for (const [id, entry] of entries) {
      const server = byId.get(id);
      delete entry.failure;
      if (server === undefined || (await opensElsewhere(server, entry))) drop(id);
    }
  }

  async function opensElsewhere(server: ServerRef, entry: Entry): Promise<boolean> {
    if (server.fields.url === undefined) return entry.target !== undefined;
    const target = await targetOf(server).catch(() => undefined);
    return entry.upstream !== undefined && entry.target !== JSON.stringify(target);
  }

  /** The connection's state, for servers reached by url; processes have instances to tell theirs. */
  function stateOf(server: ServerRef): ConnectionState {
    const entry = entries.get(server.id);
    if (entry?.upstream !== undefined) return { state: "RUNNING" };
    return entry?.failure === undefined ? { state: "STARTING" } : { state: "ERROR", reason: entry.failure.reason };
  }

  /** The server does not answer any more: its state says so, and whoever comes after the pause opens a new conversation. */
  function broken(server: ServerRef, upstream: Upstream, reason: string): void {
    const entry = entries.get(server.id);
    if (server.fields.url === undefined || entry?.upstream !== upstream) return;
    upstream.close();
    delete entry.upstream;
    entry.failure = { reason, at: clock.now() };
  }

  function close(): void {
    for (const id of [...entries.keys()]) drop(id);
  }

  const follow = (_server: ServerRef, _owner: string, _wanted: Followed): void => {};
  const unfollow = (_owner: string): void => {};

  return { follow, unfollow, attach, get, sync, stateOf, broken, close };
}

const unreachable = (server: ServerRef, why: string) =>
  new Problem("unavailable", `server "${server.name}": ${why}`, { hint: `mcpctl describe server ${server.name}` });
