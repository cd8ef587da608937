import type { Run } from "../../instances/channel.ts";
import { sleep } from "../../lib/wait.ts";
import { serverLimitsOf } from "../../resources/limits.ts";
import { attachWith, type Probed } from "./attach.ts";
import { type AtUrl, createByUrl } from "./by-url.ts";
import type { ConnectionOptions, ServerRef } from "./connections.ts";
import { type Conversations, createConversations, elsewhere } from "./conversations.ts";
import { unreachable } from "./failures.ts";
import { finished } from "./finished.ts";
import { createFollowing } from "./following.ts";
import { createGuards } from "./guards.ts";
import { protocolOf } from "./negotiate.ts";
import { standing } from "./standing.ts";
import type { Followed, Opening, Upstream } from "./upstream.ts";

type Bounds = Pick<Opening, "limits" | "meter">;

type Entry = AtUrl &
  Probed & {
    conversations: Conversations;
    following: ReturnType<typeof createFollowing>;
    /** When a caller last needed it, Unix ms. */
    usedAt: number;
  };

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/** The conversation with each server that all share: processes are attached when they start, addresses are opened when they are needed. */
export function createShared(options: ConnectionOptions & { boundsOf: (server: ServerRef) => Bounds }) {
  const { clock, log, verdicts, serverStateOf, wake, onNotification, blotOf, boundsOf } = options;
  const entries = new Map<string, Entry>();
  /** Servers repeat what they refuse: nobody is to read the secrets among it. */
  const blotted = ({ id }: ServerRef, text: string): string => blotOf(id)(text);
  const guards = createGuards(clock, log, blotted);
  const closing = new AbortController();

  const entryOf = (id: string): Entry => entries.get(id) ?? newEntry(id);

  function newEntry(id: string): Entry {
    const conversations = createConversations(() => following.again());
    const following = createFollowing(conversations.lead, async (server) => {
      await get(server);
      return entryOf(server.id).conversations.lead();
    });
    const entry: Entry = { conversations, following, usedAt: 0 };
    entries.set(id, entry);
    return entry;
  }

  /** In the legacy era nothing is declared: what one client could do cannot be promised to a server that many share (reference/protocol.md §3.3). */
  const openingFor = (server: ServerRef): Opening => ({
    ...boundsOf(server),
    abilities: {},
    onNotification: (method, params) => onNotification(server, method, params, undefined),
  });

  const attach = attachWith({ verdicts, openingFor, leave });
  const byUrl = createByUrl({ ...options, guards, openingFor, blotted });

  function adopt(server: ServerRef, entry: Entry, copy: string, opened: Upstream): Upstream {
    const guard = guards.of(server, copy);
    const upstream = guard.over(opened);
    guard.answered();
    entry.conversations.put(copy, upstream);
    delete entry.diedOfProbe;
    void upstream.ended.then(() => {
      if (entry.conversations.at(copy) !== upstream) return;
      leave(entry.conversations, copy);
      void reopen(server, entry);
    });
    // What cannot be stored is found out again.
    if (protocolOf(server.fields) === "auto") void verdicts.remember(server, upstream.era).catch(() => {});
    return upstream;
  }

  function leave(conversations: Conversations, copy: string): Upstream | undefined {
    if (copy !== elsewhere) guards.forget(copy);
    return conversations.leave(copy);
  }

  /** Nothing more is asked in this conversation; it is closed once what was asked in it is answered. */
  async function letFinish(entry: Entry | undefined, copy: string): Promise<void> {
    const upstream = entry && leave(entry.conversations, copy);
    if (upstream !== undefined) await finished(upstream, closing.signal);
  }

  /** Somebody waits to be told of changes: whoever is not connected learns of none. A process comes back by itself. */
  async function reopen(server: ServerRef, entry: Entry): Promise<void> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      await sleep(pauseMs, closing.signal);
      const isOver = closing.signal.aborted || entries.get(server.id) !== entry || entry.following.isEmpty();
      if (isOver || !entry.conversations.isEmpty() || server.fields.url === undefined) return;
      await get(server).catch(() => {});
    }
  }

  /** Nothing new is asked of this copy; its conversation is closed once what was asked is answered, or after 25 s. */
  async function retire(copy: string): Promise<void> {
    for (const entry of entries.values()) await letFinish(entry, copy);
  }

  /** The conversation for this caller, if there is any. `subject`: the caller who needs it, if it is one */
  function there({ id }: ServerRef, subject?: string): Upstream | undefined {
    const entry = entryOf(id);
    if (subject !== undefined) entry.usedAt = clock.now();
    return copyOf(entry, subject);
  }

  /** @throws Problem `unavailable`, naming the server and why */
  async function get(server: ServerRef, subject?: string): Promise<Upstream> {
    const upstream = there(server, subject);
    if (upstream !== undefined) return upstream;
    const entry = entryOf(server.id);
    if (server.fields.url === undefined) return await started(server, entry, subject);
    // What is being opened on our own account is waited for by nobody who need not.
    if (subject !== undefined) guards.of(server).admit();
    return await opening(server, entry, subject === undefined);
  }

  const isWell = (copy: string) => !guards.isOpen(copy);
  const copyOf = ({ conversations }: Entry, subject: string | undefined): Upstream | undefined =>
    conversations.for(subject, isWell);

  const opening = (server: ServerRef, entry: Entry, isOwn: boolean): Promise<Upstream> =>
    byUrl.open(server, entry, isOwn, (upstream) => adopt(server, entry, elsewhere, upstream));

  /** A call that comes early, or to a server that sleeps, waits for it rather than fail. */
  async function started(server: ServerRef, entry: Entry, subject: string | undefined): Promise<Upstream> {
    const end = performance.now() + serverLimitsOf(server.fields).initializeSeconds * 1000;
    for (;;) {
      const upstream = copyOf(entry, subject);
      if (upstream !== undefined) return upstream;
      const { state, sleeps, reason = `it is ${state.toLowerCase()}` } = serverStateOf(server.id);
      if (sleeps) wake(server.id);
      else if (state !== "STARTING" && state !== "STOPPING") throw unreachable(server, reason);
      if (performance.now() >= end) throw unreachable(server, reason);
      await sleep(50);
    }
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
        guards.forget(id);
        verdicts.forget(id);
      } else if (await byUrl.isOther(server, entry)) {
        changed.push(id);
        guards.forget(id);
        for (const copy of entry.conversations.copies()) void letFinish(entry, copy);
      } else guards.changed(server);
    }
    return { gone, changed };
  }

  function closeAll(entry: Entry): void {
    for (const copy of entry.conversations.copies()) leave(entry.conversations, copy)?.close();
  }

  /** The server does not answer any more: its state says so, and whoever comes after the pause opens a new conversation. */
  function broken(server: ServerRef, upstream: Upstream, reason: string): void {
    const entry = entries.get(server.id);
    if (server.fields.url === undefined || entry?.conversations.at(elsewhere) !== upstream) return;
    // What others have asked in it may still be answered.
    void letFinish(entry, elsewhere);
    guards.of(server).givenUp(reason);
    void reopen(server, entry);
  }

  /** The conversation with a server reached by url ends once it has answered, and the next call opens another at once. */
  function letGo(serverId: string): void {
    void letFinish(entries.get(serverId), elsewhere);
    guards.forget(serverId);
  }

  function close(): void {
    closing.abort();
    for (const entry of entries.values()) closeAll(entry);
    entries.clear();
  }

  return {
    ...standing((id) => entries.get(id), guards, verdicts),
    /** Speaks to a copy that has just started. @throws Problem `unavailable`, with what may be configured wrongly */
    attach: async (server: ServerRef, copy: string, run: Pick<Run, "via" | "closed">): Promise<Upstream> => {
      const entry = entryOf(server.id);
      return await attach(server, entry, copy, run, (upstream) => adopt(server, entry, copy, upstream));
    },
    retire,
    there,
    get,
    /** The conversation with a server reached by url, opened if there is none, to see whether it answers. @throws Problem `unavailable` */
    reach: async (server: ServerRef): Promise<Upstream> => {
      const entry = entryOf(server.id);
      return entry.conversations.at(elsewhere) ?? (await opening(server, entry, true));
    },
    /** One more conversation with it, where what fails counts for it as well. */
    guarded: (server: ServerRef, copy: string | undefined, upstream: Upstream) =>
      guards.of(server, copy).over(upstream),
    /**
     * From now on `owner` is told of changes of these resources and tasks, through `onNotification`; of nothing when they are empty. What all owners
     * want is asked for once, and again whenever the conversation had to be opened anew.
     * @throws Problem `unavailable` when the server cannot or will not; then the owner wants what it wanted before
     */
    follow: (server: ServerRef, owner: string, wanted: Followed): Promise<void> =>
      entryOf(server.id).following.follow(server, owner, wanted),
    /** `owner` wants to hear of nothing any more. */
    unfollow(owner: string): void {
      for (const { following } of entries.values()) following.unfollow(owner);
    },
    sync,
    broken,
    letGo,
    close,
  };
}
