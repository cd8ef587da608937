import type { Run } from "../../instances/channel.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { sleep } from "../../lib/wait.ts";
import { serverLimitsOf } from "../../resources/limits.ts";
import type { Era } from "../protocol.ts";
import type { BreakerView } from "./breaker.ts";
import type { ConnectionOptions, ServerRef } from "./connections.ts";
import { copyFor } from "./copies.ts";
import { unreachable } from "./failures.ts";
import { finished } from "./finished.ts";
import { createFollowing, type Following } from "./following.ts";
import { createGuard, type Guard, LeftAlone } from "./guard.ts";
import type { HttpTarget } from "./http-client.ts";
import { openAt, openProcess, protocolOf } from "./negotiate.ts";
import { processFailure } from "./remedies.ts";
import type { Followed, Opening, Upstream } from "./upstream.ts";

type Bounds = Pick<Opening, "limits" | "meter">;
export type ConnectionState = { state: "STARTING" | "RUNNING" | "ERROR"; reason?: string };

/** Where the conversation with a server reached by url is kept; those with our own copies are kept by their instances. */
const elsewhere = "";

type Entry = {
  /** One conversation with each copy that runs, or the one with a server reached by url. */
  upstreams: Map<string, Upstream>;
  /** Where those copies serve that are spoken to at an address. */
  addresses: Map<string, { copy: string; url: string }>;
  /** When a caller last needed it, Unix ms. */
  usedAt: number;
  opening?: Promise<Upstream>;
  target?: string;
  following: Following;
  /** The process ended while it was asked in the modern era: the next one is asked in the legacy one first. */
  diedOfProbe?: boolean;
};

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/** The conversation with each server that all share: processes are attached when they start, addresses are opened when they are needed. */
export function createShared(options: ConnectionOptions & { boundsOf: (server: ServerRef) => Bounds }) {
  const { clock, log, verdicts, targetOf, fareOf, wake, onNotification, blotOf, boundsOf } = options;
  const entries = new Map<string, Entry>();
  /** Servers repeat what they refuse: nobody is to read the secrets among it. */
  const blotted = ({ id }: ServerRef, text: string): string => blotOf?.(id)(text) ?? text;
  /** One for each copy of ours, by its instance, and for each server reached by url, by its id. */
  const guards = new Map<string, Guard>();
  const closing = new AbortController();

  function entryOf(id: string): Entry {
    const entry = entries.get(id) ?? {
      upstreams: new Map(),
      addresses: new Map(),
      usedAt: 0,
      following: createFollowing(),
    };
    entries.set(id, entry);
    return entry;
  }

  /** In the legacy era nothing is declared: what one client could do cannot be promised to a server that many share (reference/protocol.md §3.3). */
  const openingFor = (server: ServerRef): Opening => ({
    ...boundsOf(server),
    abilities: {},
    onNotification: (method, params) => onNotification(server, method, params, undefined),
  });

  function guardOf(server: ServerRef, copy: string): Guard {
    const id = copy === elsewhere ? server.id : copy;
    const guard = guards.get(id) ?? createGuard(server, clock, log, (text) => blotted(server, text));
    guards.set(id, guard);
    return guard;
  }

  function adopt(server: ServerRef, entry: Entry, copy: string, opened: Upstream): Upstream {
    const guard = guardOf(server, copy);
    const upstream = guard.over(opened);
    guard.answered();
    entry.upstreams.get(copy)?.close();
    entry.upstreams.set(copy, upstream);
    delete entry.diedOfProbe;
    if (leadOf(entry) === upstream) refollow(entry);
    void upstream.ended.then(() => {
      if (entry.upstreams.get(copy) !== upstream) return;
      leave(entry, copy);
      void reopen(server, entry);
    });
    // What cannot be stored is found out again.
    if (protocolOf(server.fields) === "auto") void verdicts.remember(server, upstream.era).catch(() => {});
    return upstream;
  }

  /** The conversation in which a server is told what is followed. */
  const leadOf = ({ upstreams }: Entry): Upstream | undefined => upstreams.values().next().value;

  function refollow(entry: Entry): void {
    if (!entry.following.isEmpty())
      void leadOf(entry)
        ?.follow(entry.following.all())
        .catch(() => {});
  }

  /** Nothing more is asked in this conversation; another one may be the first now. */
  function leave(entry: Entry, copy: string): Upstream | undefined {
    const upstream = entry.upstreams.get(copy);
    const wasLead = upstream !== undefined && leadOf(entry) === upstream;
    entry.upstreams.delete(copy);
    entry.addresses.delete(copy);
    if (copy !== elsewhere) guards.delete(copy);
    if (wasLead) refollow(entry);
    return upstream;
  }

  /** Somebody waits to be told of changes: whoever is not connected learns of none. A process comes back by itself. */
  async function reopen(server: ServerRef, entry: Entry): Promise<void> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      await sleep(pauseMs, closing.signal);
      const isOver = closing.signal.aborted || entries.get(server.id) !== entry || entry.following.isEmpty();
      if (isOver || entry.upstreams.size > 0 || server.fields.url === undefined) return;
      await get(server).catch(() => {});
    }
  }

  /** Speaks to a copy that has just started. @throws Problem `unavailable`, with what may be configured wrongly */
  async function attach(
    server: ServerRef,
    copy: string,
    { via, closed }: Pick<Run, "via" | "closed">,
  ): Promise<Upstream> {
    const entry = entryOf(server.id);
    const protocol = protocolOf(server.fields);
    const known: Era | undefined = entry.diedOfProbe === true ? "legacy" : verdicts.eraOf(server);
    let hasEnded = false;
    void closed.then(() => {
      hasEnded = true;
      // What is behind an address may be gone without a word.
      if ("url" in via) leave(entry, copy)?.close();
    });
    try {
      const opening = openingFor(server);
      const upstream = await ("url" in via
        ? openAt({ url: via.url, headers: {} }, server.fields, known, opening)
        : openProcess(via, protocol, known, opening));
      if ("url" in via) entry.addresses.set(copy, { copy, url: via.url });
      return adopt(server, entry, copy, upstream);
    } catch (error) {
      entry.diedOfProbe = hasEnded && protocol === "auto" && known !== "legacy";
      throw processFailure(error, protocol);
    }
  }

  /** Nothing new is asked of this copy; its conversation is closed once what was asked is answered, or after 25 s. */
  async function retire(copy: string): Promise<void> {
    for (const entry of entries.values()) {
      const upstream = leave(entry, copy);
      if (upstream !== undefined) await finished(upstream, closing.signal);
    }
  }

  /** @throws Problem `unavailable`, naming the server and why. `subject`: the caller who needs it, if it is one */
  async function get(server: ServerRef, subject?: string): Promise<Upstream> {
    const entry = entryOf(server.id);
    if (subject !== undefined) entry.usedAt = clock.now();
    const there = copyOf(entry, subject);
    if (there !== undefined) return there;
    if (server.fields.url === undefined) return await started(server, entry, subject);
    // What is being opened on our own account is waited for by nobody who need not.
    if (subject !== undefined) guardOf(server, elsewhere).admit();
    return await opening(server, entry, subject === undefined);
  }

  /** The copy for this caller, out of those that answer if any does. */
  function copyOf({ upstreams }: Entry, subject: string | undefined): Upstream | undefined {
    if (upstreams.size < 2) return copyFor(upstreams, subject);
    const well = new Map([...upstreams].filter(([copy]) => guards.get(copy)?.isOpen() !== true));
    return copyFor(well.size > 0 ? well : upstreams, subject);
  }

  /** One conversation is opened at a time, whoever waits for it. */
  function opening(server: ServerRef, entry: Entry, isOwn: boolean): Promise<Upstream> {
    entry.opening ??= open(server, entry, isOwn).finally(() => {
      delete entry.opening;
    });
    return entry.opening;
  }

  /** A call that comes early, or to a server that sleeps, waits for it rather than fail. */
  async function started(server: ServerRef, entry: Entry, subject: string | undefined): Promise<Upstream> {
    const end = performance.now() + serverLimitsOf(server.fields).initializeSeconds * 1000;
    for (;;) {
      const upstream = copyOf(entry, subject);
      if (upstream !== undefined) return upstream;
      const { state, sleeps, reason = `it is ${state.toLowerCase()}` } = fareOf(server.id);
      if (sleeps) wake(server.id);
      else if (state !== "STARTING" && state !== "STOPPING") throw unreachable(server, reason);
      if (performance.now() >= end) throw unreachable(server, reason);
      await sleep(50);
    }
  }

  async function open(server: ServerRef, entry: Entry, isOwn: boolean): Promise<Upstream> {
    try {
      return await guardOf(server, elsewhere).opening(isOwn, async () => {
        const target = await targetOf(server);
        entry.target = opened(server, target);
        const upstream = await openAt(target, server.fields, verdicts.eraOf(server), openingFor(server));
        return adopt(server, entry, elsewhere, upstream);
      });
    } catch (error) {
      throw error instanceof LeftAlone ? error : unreachable(server, blotted(server, messageOf(error)));
    }
  }

  /**
   * From now on `owner` is told of changes of these resources and tasks, through `onNotification`; of nothing when they are empty. What all owners
   * want is asked for once, and again whenever the conversation had to be opened anew.
   * @throws Problem `unavailable` when the server cannot or will not; then the owner wants what it wanted before
   */
  async function follow(server: ServerRef, owner: string, wanted: Followed): Promise<void> {
    try {
      await entryOf(server.id).following.follow(owner, wanted, async (all) => {
        await get(server);
        await leadOf(entryOf(server.id))?.follow(all);
      });
    } catch (error) {
      throw error instanceof Problem && error.hint !== undefined ? error : unreachable(server, messageOf(error));
    }
  }

  /** `owner` wants to hear of nothing any more, of no server. */
  function unfollow(owner: string): void {
    for (const entry of entries.values())
      entry.following.unfollow(owner, async (all) => {
        await leadOf(entry)?.follow(all);
      });
  }

  /** Lets go of servers that are gone, and of those that are opened otherwise now once they have answered. Answers which these are. */
  async function sync(servers: readonly ServerRef[]): Promise<{ gone: string[]; changed: string[] }> {
    const byId = new Map(servers.map((server) => [server.id, server]));
    const [gone, changed]: [string[], string[]] = [[], []];
    for (const [id, entry] of entries) {
      const server = byId.get(id);
      if (server === undefined) {
        gone.push(id);
        closeAll(entry);
        entries.delete(id);
        guards.delete(id);
        verdicts.forget(id);
      } else if (await opensElsewhere(server, entry)) {
        changed.push(id);
        guards.delete(id);
        for (const copy of [...entry.upstreams.keys()]) {
          const upstream = leave(entry, copy);
          if (upstream !== undefined) void finished(upstream, closing.signal);
        }
      } else guards.get(id)?.changed(server);
    }
    return { gone, changed };
  }

  async function opensElsewhere(server: ServerRef, entry: Entry): Promise<boolean> {
    if (server.fields.url === undefined || entry.target === undefined) return entry.target !== undefined;
    const target = await targetOf(server).catch(() => undefined);
    return target === undefined || entry.target !== opened(server, target);
  }

  function closeAll(entry: Entry): void {
    for (const copy of [...entry.upstreams.keys()]) leave(entry, copy)?.close();
  }

  /** The connection's state, for servers reached by url; processes have instances to tell theirs. */
  function stateOf(server: ServerRef): ConnectionState {
    const entry = entries.get(server.id);
    if (entry !== undefined && entry.upstreams.size > 0) return { state: "RUNNING" };
    const reason = guards.get(server.id)?.view().last;
    return reason === undefined ? { state: "STARTING" } : { state: "ERROR", reason };
  }

  /** How it is spoken to at this moment, and since when it is known to be so. */
  function spokenOf(server: ServerRef): { protocol: string; era: Era; since?: string } | undefined {
    const entry = entries.get(server.id);
    const upstream = entry && leadOf(entry);
    if (upstream === undefined) return undefined;
    const { era, protocolVersion } = upstream;
    const verdict = protocolOf(server.fields) === "auto" ? verdicts.of(server) : undefined;
    const since = verdict?.era === era ? { since: new Date(verdict.decidedAt).toISOString() } : {};
    return { protocol: protocolVersion, era, ...since };
  }

  /** The server does not answer any more: its state says so, and whoever comes after the pause opens a new conversation. */
  function broken(server: ServerRef, upstream: Upstream, reason: string): void {
    const entry = entries.get(server.id);
    if (server.fields.url === undefined || entry?.upstreams.get(elsewhere) !== upstream) return;
    leave(entry, elsewhere);
    guardOf(server, elsewhere).givenUp(reason);
    // What others have asked in it may still be answered.
    void finished(upstream, closing.signal);
    void reopen(server, entry);
  }

  /** The conversation with a server reached by url ends once it has answered, and the next call opens another at once. */
  function letGo(serverId: string): void {
    const entry = entries.get(serverId);
    const upstream = entry && leave(entry, elsewhere);
    guards.delete(serverId);
    if (upstream !== undefined) void finished(upstream, closing.signal);
  }

  /** When a caller last needed it, and how many calls it has to answer. */
  function usage(serverId: string): { usedAt: number; underWay: number } {
    const { usedAt = 0, upstreams = new Map<string, Upstream>() } = entries.get(serverId) ?? {};
    const underWay = [...upstreams.values()].reduce((sum, upstream) => sum + upstream.underWay(), 0);
    return { usedAt, underWay };
  }

  /** Where a copy of ours serves, if that is how it is spoken to: the one for this caller. */
  const addressOf = ({ id }: ServerRef, subject: string | undefined) =>
    copyFor(entries.get(id)?.addresses ?? new Map<string, { copy: string; url: string }>(), subject);

  /** All that is spoken in at this moment; `instance` is there where the copy is ours. */
  function conversations({ id }: ServerRef): { instance: string | undefined; upstream: Upstream }[] {
    return [...(entries.get(id)?.upstreams ?? [])].map(([copy, upstream]) => ({
      instance: copy === elsewhere ? undefined : copy,
      upstream,
    }));
  }

  function close(): void {
    closing.abort();
    for (const entry of entries.values()) closeAll(entry);
    entries.clear();
  }

  return {
    attach,
    retire,
    get,
    /** The conversation with a server reached by url, opened if there is none, to see whether it answers. @throws Problem `unavailable` */
    reach: async (server: ServerRef): Promise<Upstream> => {
      const entry = entryOf(server.id);
      return entry.upstreams.get(elsewhere) ?? (await opening(server, entry, true));
    },
    /** One more conversation with it, where what fails counts for it as well. */
    guarded: (server: ServerRef, copy: string = elsewhere, upstream: Upstream) => guardOf(server, copy).over(upstream),
    /** By the instance of a copy of ours, or the id of a server reached by url. */
    breakerOf: (id: string): BreakerView | undefined => guards.get(id)?.view(),
    answeredAt: (id: string): number | undefined => guards.get(id)?.answeredAt(),
    addressOf,
    usage,
    conversations,
    follow,
    unfollow,
    sync,
    stateOf,
    spokenOf,
    broken,
    letGo,
    close,
  };
}

/** What a conversation was opened with: other than this it is another one. */
const opened = ({ fields }: ServerRef, target: HttpTarget): string =>
  JSON.stringify([target, fields.transport, fields.protocol, fields.limits]);
