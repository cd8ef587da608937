import type { Channel } from "../../instances/channel.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { sleep } from "../../lib/wait.ts";
import type { ServerFields } from "../../resources/server.ts";
import type { Outcome } from "../answers.ts";
import type { Peer } from "../peer.ts";
import type { Era } from "../protocol.ts";
import { createFollowers, isSame, nothing } from "./followers.ts";
import type { HttpTarget } from "./http.ts";
import { openHttp, openProcess, openSse, type Protocol } from "./negotiate.ts";
import { createPrivates, hearsLogs, interactive, needsOwn } from "./private.ts";
import type { Followed, Opening, Upstream } from "./upstream.ts";
import type { Verdicts } from "./verdicts.ts";

/** A server as the gateway knows it. */
export type ServerRef = { id: string; name: string; version: number; fields: ServerFields };

export type ConnectionState = { state: "STARTING" | "RUNNING" | "ERROR"; reason?: string };

type Entry = {
  upstream?: Upstream;
  opening?: Promise<Upstream>;
  target?: string;
  failure?: { reason: string; at: number };
  followers: ReturnType<typeof createFollowers>;
  /** The process ended while it was asked in the modern era: the next one is asked in the legacy one first. */
  diedOfProbe?: boolean;
};

/** A process that serves one caller alone. */
export type OwnProcess = Channel & { stop: (fast: boolean) => Promise<unknown> };

type Options = {
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

/** How long a server that could not be reached is left alone, so that it delays nobody but the first who asked. */
const leaveAloneMs = 10_000;
/** How long a call waits for a process that is just starting, rather than fail for being early. */
const startingMs = 15_000;
const longestPauseMs = 60_000;

/**
 * One shared conversation for each server, which serves everybody whom it needs to ask nothing; and one for each caller whom a legacy server may ask
 * or who hears its log. Processes are attached when they start, addresses are opened when they are needed.
 */
export type Connections = ReturnType<typeof createConnections>;

export function createConnections(options: Options) {
  const { clock, verdicts, targetOf, processState, startProcess, onNotification, onAsk } = options;
  const entries = new Map<string, Entry>();
  const privates = createPrivates(clock);
  const closing = new AbortController();

  function entryOf(id: string): Entry {
    const entry = entries.get(id) ?? { followers: createFollowers() };
    entries.set(id, entry);
    return entry;
  }

  /** In the legacy era nothing is declared: what one client could do cannot be promised to a server that many share (reference/protocol.md §3.3). */
  const sharedOpening = (server: ServerRef): Opening => ({
    abilities: {},
    onNotification: (method, params) => onNotification(server, method, params, undefined),
  });

  const protocolOf = ({ fields }: ServerRef): Protocol => fields.protocol ?? "auto";

  async function adopt(server: ServerRef, entry: Entry, upstream: Upstream): Promise<Upstream> {
    entry.upstream = upstream;
    delete entry.failure;
    delete entry.diedOfProbe;
    if (!entry.followers.isEmpty()) void upstream.follow(entry.followers.all()).catch(() => {});
    void upstream.ended.then(() => {
      if (entry.upstream !== upstream) return;
      delete entry.upstream;
      if (server.fields.url !== undefined) void reopen(server, entry);
    });
    if (protocolOf(server) === "auto") await verdicts.remember(server, upstream.era);
    return upstream;
  }

  /** Somebody waits to be told of changes: whoever is not connected learns of none. */
  async function reopen(server: ServerRef, entry: Entry): Promise<void> {
    for (let pauseMs = 1_000; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      await sleep(pauseMs, closing.signal);
      const isOver = closing.signal.aborted || entries.get(server.id) !== entry || entry.followers.isEmpty();
      if (isOver || entry.upstream !== undefined) return;
      await sharedOf(server).catch(() => {});
    }
  }

  /** Speaks to a process that has just started. It replaces the conversation with the one before. */
  async function attach(server: ServerRef, channel: Channel): Promise<Upstream> {
    const entry = entryOf(server.id);
    const protocol = protocolOf(server);
    const known: Era | undefined = entry.diedOfProbe === true ? "legacy" : verdicts.eraOf(server);
    let hasEnded = false;
    void channel.closed.then(() => {
      hasEnded = true;
    });
    try {
      const upstream = await openProcess(channel, protocol, known, sharedOpening(server));
      entry.upstream?.close();
      return await adopt(server, entry, upstream);
    } catch (error) {
      entry.diedOfProbe = hasEnded && protocol === "auto" && known !== "legacy";
      throw error;
    }
  }

  /**
   * The conversation in which this peer's call is carried on. Lists that depend on what a client declared are a peer's own as well: asked for in
   * the conversation that is answered here for a peer with those abilities, a legacy server gives the variant that it gives to such clients.
   * @throws Problem `unavailable`, naming the server and why
   */
  async function get(server: ServerRef, peer?: Peer): Promise<Upstream> {
    const shared = await sharedOf(server);
    if (peer === undefined || !needsOwn(shared, peer)) return shared;
    const key = JSON.stringify([peer.subject, interactive(peer), hearsLogs(shared.capabilities, peer)]);
    try {
      return await privates.get(server.id, key, () => openOwn(server, peer));
    } catch (error) {
      throw unreachable(server, messageOf(error));
    }
  }

  async function sharedOf(server: ServerRef): Promise<Upstream> {
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
      const target = await targetOf(server);
      entry.target = opened(server, target);
      return await adopt(server, entry, await openAt(server, target, verdicts.eraOf(server), sharedOpening(server)));
    } catch (error) {
      entry.failure = { reason: messageOf(error), at: clock.now() };
      throw unreachable(server, entry.failure.reason);
    }
  }

  const openAt = (
    server: ServerRef,
    target: HttpTarget,
    known: Era | undefined,
    opening: Opening,
  ): Promise<Upstream> =>
    server.fields.transport === "sse" ? openSse(target, opening) : openHttp(target, protocolOf(server), known, opening);

  async function openOwn(server: ServerRef, peer: Peer): Promise<Upstream> {
    const { subject } = peer;
    const opening: Opening = {
      abilities: interactive(peer),
      onNotification: (method, params) => onNotification(server, method, params, subject),
      onAsk: onAsk && ((method, params, signal) => onAsk(server, subject, method, params, signal)),
    };
    if (server.fields.url !== undefined) return await openAt(server, await targetOf(server), "legacy", opening);
    const own = await startProcess(server.id);
    return await openProcess({ ...own, end: () => void own.stop(false) }, "legacy", undefined, opening);
  }

  /**
   * From now on `owner` is told of changes of these resources and tasks, through `onNotification`; of nothing when they are empty. What all owners
   * want is asked for once, and again whenever the conversation had to be opened anew.
   * @throws Problem `unavailable` when the server cannot or will not; then the owner wants what it wanted before
   */
  async function follow(server: ServerRef, owner: string, wanted: Followed): Promise<void> {
    const { followers } = entryOf(server.id);
    const before = followers.of(owner);
    if (isSame(before, wanted)) return;
    followers.set(owner, wanted);
    try {
      await (await sharedOf(server)).follow(followers.all());
    } catch (error) {
      followers.set(owner, before);
      throw unreachable(server, messageOf(error));
    }
  }

  /** `owner` wants to hear of nothing any more. */
  function unfollow(owner: string): void {
    for (const { followers, upstream } of entries.values()) {
      if (isSame(followers.of(owner), nothing)) continue;
      followers.set(owner, nothing);
      upstream?.follow(followers.all()).catch(() => {});
    }
  }

  function letGo(serverId: string, entry: Entry): void {
    const { upstream } = entry;
    delete entry.upstream;
    upstream?.close();
    privates.drop(serverId);
  }

  /** After a change: lets go of servers that are gone, and of addresses or credentials that are no longer theirs. */
  async function sync(servers: readonly ServerRef[]): Promise<void> {
    const byId = new Map(servers.map((server) => [server.id, server]));
    for (const [id, entry] of entries) {
      const server = byId.get(id);
      delete entry.failure;
      if (server !== undefined && !(await opensElsewhere(server, entry))) continue;
      letGo(id, entry);
      if (server !== undefined) continue;
      entries.delete(id);
      verdicts.forget(id);
    }
  }

  async function opensElsewhere(server: ServerRef, entry: Entry): Promise<boolean> {
    if (server.fields.url === undefined) return entry.target !== undefined;
    const target = await targetOf(server).catch(() => undefined);
    return entry.target !== undefined && (target === undefined || entry.target !== opened(server, target));
  }

  /** The connection's state, for servers reached by url; processes have instances to tell theirs. */
  function stateOf(server: ServerRef): ConnectionState {
    const entry = entries.get(server.id);
    if (entry?.upstream !== undefined) return { state: "RUNNING" };
    return entry?.failure === undefined ? { state: "STARTING" } : { state: "ERROR", reason: entry.failure.reason };
  }

  /** How it is spoken to at this moment, and since when it is known to be so. */
  function spokenOf(server: ServerRef): { protocol: string; era: Era; since?: string } | undefined {
    const upstream = entries.get(server.id)?.upstream;
    if (upstream === undefined) return undefined;
    const { era, protocolVersion } = upstream;
    const verdict = protocolOf(server) === "auto" ? verdicts.of(server) : undefined;
    const since = verdict?.era === era ? { since: new Date(verdict.decidedAt).toISOString() } : {};
    return { protocol: protocolVersion, era, ...since };
  }

  /** The server does not answer any more: its state says so, and whoever comes after the pause opens a new conversation. */
  function broken(server: ServerRef, upstream: Upstream, reason: string): void {
    const entry = entries.get(server.id);
    if (server.fields.url === undefined || entry?.upstream !== upstream) return;
    delete entry.upstream;
    upstream.close();
    entry.failure = { reason, at: clock.now() };
    void reopen(server, entry);
  }

  function close(): void {
    closing.abort();
    for (const [id, entry] of entries) letGo(id, entry);
    entries.clear();
    privates.close();
  }

  return { attach, get, follow, unfollow, sync, stateOf, spokenOf, broken, close };
}

/** What a conversation was opened with: other than this it is another one. */
const opened = ({ fields }: ServerRef, target: HttpTarget): string =>
  JSON.stringify([target, fields.transport, fields.protocol]);

const unreachable = (server: ServerRef, why: string) =>
  new Problem("unavailable", `server "${server.name}": ${why}`, { hint: `mcpctl describe server ${server.name}` });
