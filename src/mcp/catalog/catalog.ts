import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { within } from "../../lib/wait.ts";
import { listOffers, putOffer } from "../../storage/offers.ts";
import type { Database, Op } from "../../storage/op.ts";
import { executionOf } from "../execution.ts";
import type { Abilities } from "../peer.ts";
import type { Connections, ServerRef } from "../upstream/connections.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { createApprovals } from "./approvals.ts";
import { createExposure } from "./exposure.ts";
import { freshUntil, type Known } from "./known.ts";
import { listedBy } from "./listed.ts";
import { changeName } from "./names.ts";
import { differing, fetchOffer, isAsBefore, type ListName, type Offer, offerText } from "./offer.ts";
import { hashed } from "./review.ts";
import { type Told, whyHeldBack } from "./telling.ts";
import { createUriOwners } from "./uri-owners.ts";
import { createVariants } from "./variants.ts";
import { writerOf } from "./writing.ts";

/**
 * One server of a project and what it is known to offer; `missing` says why nothing is known or why it is old. `variant` is there when the offer is
 * one for clients of certain abilities.
 */
export type Entry = { server: ServerRef; offer: Offer | undefined; missing: string | undefined; variant?: string };

/** How long the first caller waits for a server that nothing is known of. */
const firstWaitMs = 1_500;
const fetchMs = 30_000;

/** What all servers offer: the last known state at once, refreshed behind. One dead server costs the first caller a short wait, nobody else. */
export type Catalog = Awaited<ReturnType<typeof createCatalog>>;

type Listeners = {
  /** Told of what a list brought, in the transaction that stores it. */
  tell: (server: ServerRef, told: Told) => Op<void>;
  /** These lists of a server are others, for some clients, than they were told. */
  changed: (server: ServerRef, lists: readonly ListName[]) => void;
  /** Takes a server's own secrets out of what it says why it cannot be listed. */
  blotOf: (serverId: string) => (text: string) => string;
};

export async function createCatalog(
  db: Database,
  connections: () => Connections,
  clock: Clock,
  log: Log,
  { tell, changed, blotOf }: Listeners,
) {
  const known = new Map<string, Known>();
  const approvals = await createApprovals(db);
  const uriOwners = createUriOwners();
  const exposure = createExposure(db, log, uriOwners);
  let revision = 1;
  const answered = new WeakMap<readonly ServerRef[], { entries: readonly Entry[]; revision: number; until: number }>();
  const write = writerOf({ db, tell, decided, clock, log });
  const variants = createVariants({
    read: (server, abilities) => connections().lookAs(server, abilities, (upstream) => fetched(server, upstream)),
    newsOf: ({ id }) => `${knownOf(id).version} ${knownOf(id).news}`,
    plainOf: (serverId) => known.get(serverId)?.offer,
    keep: keepVariant,
    changed(server, lists) {
      renewed(knownOf(server.id));
      if (lists.length > 0) changed(server, lists);
    },
    clock,
    log,
  });
  const listed = listedBy(known, variants);
  await load(() => true);

  async function load(isMeant: (serverId: string) => boolean): Promise<void> {
    for (const { serverId, fingerprint, body, fetchedAt } of await db.read(listOffers)) {
      if (isMeant(serverId))
        known.set(serverId, {
          revision: 0,
          news: 0,
          offer: JSON.parse(body) as Offer,
          fetchedAt,
          execution: fingerprint,
        });
    }
  }

  /** What `entriesOf` answers of this server is something else now. */
  function renewed(entry: Known): void {
    entry.revision = ++revision;
  }

  const knownOf = (id: string): Known => {
    const entry = known.get(id) ?? { revision: 0, news: 0, fetchedAt: 0 };
    known.set(id, entry);
    return entry;
  };

  /** Asks the server anew; never rejects. Whoever asks meanwhile shares the asking. */
  function refresh(server: ServerRef): Promise<void> {
    const entry = knownOf(server.id);
    // What is asked of an older configuration is no answer for this one.
    if (entry.refreshing !== undefined && (entry.asked ?? 0) < server.version)
      return entry.refreshing.then(() => refresh(server));
    if (entry.refreshing === undefined) entry.asked = server.version;
    entry.refreshing ??= fetchInto(server, entry).finally(() => {
      delete entry.refreshing;
    });
    return entry.refreshing;
  }

  /** Lists that an earlier start kept were read by the rules of its time. */
  function fetched({ id }: ServerRef, upstream: Upstream): Promise<Offer> {
    const { offer, version } = knownOf(id);
    return fetchOffer(upstream, AbortSignal.timeout(fetchMs), version === undefined ? undefined : offer);
  }

  async function fetchInto(server: ServerRef, entry: Known): Promise<void> {
    // A list is as old as the asking: what changed while it was under way may not be in it.
    const askedAt = clock.now();
    try {
      const upstream = await connections().get(server);
      const offer = await fetched(server, upstream).catch((error: unknown) => {
        connections().broken(server, upstream, messageOf(error));
        throw new Problem("unavailable", `server "${server.name}": ${messageOf(error)}`, { cause: error });
      });
      await keep(server, entry, offer, askedAt);
    } catch (error) {
      const reason = blotOf(server.id)(messageOf(error));
      if (entry.failure?.reason !== reason) renewed(entry);
      entry.failure = { reason, at: clock.now() };
      log.info("a server's lists cannot be read", { server: server.name, reason });
    }
  }

  async function keep(server: ServerRef, entry: Known, listed: Offer, askedAt: number): Promise<void> {
    // What an older configuration offered is no word of the newer one.
    if (server.version < (entry.version ?? 0)) return;
    entry.version = server.version;
    const execution = executionOf(server.fields);
    const isFirst = entry.execution !== execution;
    const offer = await hashed(listed, entry.offer);
    const isOther = !isAsBefore(offer, entry.offer);
    const others = differing(offer, entry.offer);
    if (isOther) entry.news++;
    if (isOther || entry.failure !== undefined) renewed(entry);
    entry.offer = offer;
    entry.fetchedAt = askedAt;
    delete entry.failure;
    // Lists of megabytes are not written again each time that they are the same.
    if (!isFirst && entry.untold === undefined && isAsBefore(offer, entry.written)) return;
    const body = await offerText(offer);
    // Until it is written, what is new in it is not approved.
    await write(
      server,
      entry,
      () => approvals.plan(server, offer, isFirst, clock.now()),
      () => putOffer({ serverId: server.id, fingerprint: execution, body, fetchedAt: askedAt }),
    );
    entry.execution = execution;
    entry.written = offer;
    // A server that came up late, or came back as another, does not say itself that its lists are others now.
    if (others.length > 0) changed(server, others);
  }

  /** A variant counts once it is written. */
  async function keepVariant(server: ServerRef, name: { key: string; abilities: Abilities }, listed: Offer) {
    const entry = knownOf(server.id);
    const plain = entry.offer;
    const offer = plain && (await hashed(listed, plain));
    if (plain === undefined || offer === undefined || entry.execution !== executionOf(server.fields))
      throw new Problem("unavailable", "it was not listed yet by what the server executes now");
    const variant = { key: name.key, abilities: JSON.stringify(name.abilities) };
    await write(server, entry, () => approvals.planVariant(server, variant, offer, plain, clock.now()));
    return offer;
  }

  /** After what is approved became another, by a list or by somebody's word, and the commit. */
  async function decided(serverId: string): Promise<void> {
    await approvals.reload(serverId);
    renewed(knownOf(serverId));
  }

  /** Why a tool is held back until somebody approves it, and what to type; undefined when it is approved as it was last listed. */
  function heldBack(server: ServerRef, tool: string, variant?: string): string | undefined {
    const review = approvals.reviewOf(server, listed.offerOf(server.id, variant), tool, variant);
    if (review === "approved") return undefined;
    const { home, isNew } = approvals.standingOf(server, tool, variant);
    const sort = review === "rejected" && isNew ? "rejectedNew" : review;
    return whyHeldBack(server, tool, sort, changeName(server.name, tool, home));
  }

  const isKnown = ({ id, fields }: ServerRef): boolean => {
    const { offer, execution } = knownOf(id);
    return offer !== undefined && execution === executionOf(fields);
  };

  /** What these servers offer to a client of these abilities, as far as it is known now. */
  async function entriesOf(servers: readonly ServerRef[], abilities: Abilities = {}): Promise<readonly Entry[]> {
    const startedAt = performance.now();
    const entries = freshOf(servers) ?? (await plainEntriesOf(servers));
    return await variants.of(entries, abilities, Math.max(0, firstWaitMs - (performance.now() - startedAt)));
  }

  /** The same again for the same servers while nothing is old or changed. */
  function freshOf(servers: readonly ServerRef[]): readonly Entry[] | undefined {
    const last = answered.get(servers);
    return last?.revision === revision && clock.now() <= last.until ? last.entries : undefined;
  }

  async function plainEntriesOf(servers: readonly ServerRef[]): Promise<readonly Entry[]> {
    // One that sleeps is not woken to say the same again.
    const rests = (server: ServerRef) => isKnown(server) && connections().sleeps(server);
    const now = clock.now();
    const stale = servers.filter((server) => freshUntil(knownOf(server.id), server) < now && !rests(server));
    const asked = stale.map((server) => ({ server, asking: refresh(server) }));
    // Of one that was asked in vain before it is known why it is missing, and whoever asks later is not kept waiting for it.
    const unknown = asked.filter(({ server: { id } }) => knownOf(id).offer === undefined && !knownOf(id).failure);
    if (unknown.length > 0) await within(firstWaitMs, Promise.all(unknown.map(({ asking }) => asking)));
    for (const { server } of unknown) {
      const entry = knownOf(server.id);
      if (entry.offer === undefined)
        entry.failure ??= { reason: `server "${server.name}" has not answered yet`, at: clock.now() };
    }
    const entries = servers.map((server) => {
      const { offer, failure } = knownOf(server.id);
      return { server, offer, missing: failure?.reason };
    });
    answered.set(servers, {
      entries,
      revision,
      until: Math.min(...servers.map((server) => freshUntil(knownOf(server.id), server))),
    });
    return entries;
  }

  /** Changes whenever any answer of `entriesOf` for these servers may have changed, and by nothing that another server does. */
  const revisionOf = (servers: readonly ServerRef[]): number =>
    servers.reduce((last, { id }) => Math.max(last, known.get(id)?.revision ?? 0), 0);

  return {
    entriesOf,
    /** Until a server of which nothing is known was asked, with whatever success; undefined when it is not being asked. */
    firstListing({ id }: ServerRef): Promise<void> | undefined {
      const { offer, refreshing } = knownOf(id);
      return offer === undefined ? refreshing : undefined;
    },
    /** What an endpoint of a project shows of these entries. */
    view: exposure.view,
    uriOwners,
    refresh,
    /**
     * As it is now: what was asked before may be answered with what was before. What it offers to more able clients is read when one of them asks.
     */
    async readAnew(server: ServerRef): Promise<void> {
      knownOf(server.id).news++;
      revision++;
      await known.get(server.id)?.refreshing;
      await refresh(server);
    },
    /** What the database says of these servers counts, and not what was known of them: they were restored from a backup. */
    async restored(serverIds: ReadonlySet<string>): Promise<void> {
      for (const id of serverIds) known.delete(id);
      await load((id) => serverIds.has(id));
      for (const id of serverIds) await decided(id);
    },
    /** Lets go of servers that are no more. */
    prune(servers: readonly ServerRef[]): void {
      const ids = new Set(servers.map(({ id }) => id));
      uriOwners.prune(ids);
      for (const id of known.keys()) {
        if (ids.has(id)) continue;
        known.delete(id);
        approvals.forget(id);
        variants.forget(id);
      }
    },
    isReadOnly: approvals.isReadOnly,
    heldBack,
    waiting: approvals.waiting,
    decided,
    ...listed,
    revisionOf,
    /** Changes with that of any servers: while it is the same, so is all else. */
    revision: () => revision,
    close: variants.close,
  };
}
