import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { within } from "../../lib/wait.ts";
import { listOffers, putOffer } from "../../storage/offers.ts";
import type { Database, Op } from "../../storage/op.ts";
import { executionOf } from "../execution.ts";
import type { Connections, ServerRef } from "../upstream/connections.ts";
import type { Introduction } from "../upstream/upstream.ts";
import { createExposure } from "./exposure.ts";
import { exposedName } from "./names.ts";
import { changesBetween, fetchOffer, type Offer } from "./offer.ts";
import { hashed, toolsIn } from "./review.ts";
import { createReviews, type Told, together } from "./reviews.ts";
import { createUriOwners } from "./uri-owners.ts";

type Known = {
  offer?: Offer;
  fetchedAt: number;
  /** What the server executed when it offered this. */
  execution?: string;
  /** The newest configuration of the server that answered, and that which is asked. */
  version?: number;
  asked?: number;
  /** What is not told yet: a server that changes all the time is told of once a minute. */
  untold?: Told;
  toldAt?: number;
  failure?: { reason: string; at: number };
  refreshing?: Promise<void>;
};

/** One server of a project and what it is known to offer; `missing` says why nothing is known or why it is old. */
export type Entry = { server: ServerRef; offer: Offer | undefined; missing: string | undefined };

/** How old a list may be before it is asked for again, behind the answer. */
const freshMs = 60_000;
/** How long the first caller waits for a server that nothing is known of, and how long nobody waits after that failed. */
const firstWaitMs = 1_500;
const failureMs = 10_000;
const fetchMs = 30_000;
const tellMs = 60_000;

/** What all servers offer: the last known state at once, refreshed behind. One dead server costs the first caller a short wait, nobody else. */
export type Catalog = Awaited<ReturnType<typeof createCatalog>>;

/** Told of what a list brought, in the transaction that stores it. */
type Tell = (server: ServerRef, told: Told) => Op<void>;

export async function createCatalog(
  db: Database,
  connections: () => Connections,
  clock: Clock,
  log: Log,
  tell: Tell = function* () {},
  onChange: (server: ServerRef, method: string) => void = () => {},
) {
  const known = new Map<string, Known>();
  const reviews = await createReviews(db);
  const uriOwners = createUriOwners();
  const exposure = createExposure(db, log, uriOwners);
  let revision = 1;
  for (const { serverId, fingerprint, body, fetchedAt } of await db.read(listOffers)) {
    known.set(serverId, { offer: JSON.parse(body) as Offer, fetchedAt, execution: fingerprint });
  }

  const knownOf = (id: string): Known => {
    const entry = known.get(id) ?? { fetchedAt: 0 };
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

  async function fetchInto(server: ServerRef, entry: Known): Promise<void> {
    // A list is as old as the asking: what changed while it was under way may not be in it.
    const askedAt = clock.now();
    try {
      const upstream = await connections().get(server);
      const offer = await fetchOffer(upstream, AbortSignal.timeout(fetchMs)).catch((error: unknown) => {
        connections().broken(server, upstream, messageOf(error));
        throw new Problem("unavailable", `server "${server.name}": ${messageOf(error)}`, { cause: error });
      });
      await keep(server, entry, offer, askedAt);
    } catch (error) {
      const reason = messageOf(error);
      if (entry.failure?.reason !== reason) revision++;
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
    const offer = hashed(listed, entry.offer);
    const body = JSON.stringify(offer);
    if (entry.failure !== undefined || body !== JSON.stringify(entry.offer)) revision++;
    const changed = changesBetween(entry.offer, offer);
    entry.offer = offer;
    entry.fetchedAt = askedAt;
    delete entry.failure;
    // Until it is written, what is new in it is not approved.
    const { found, told, isDue } = await db.write(function* () {
      yield* putOffer({ serverId: server.id, fingerprint: execution, body, fetchedAt: askedAt });
      const found = yield* reviews.store(server, offer, isFirst, clock.now());
      const told = together(entry.untold, found);
      const isDue = told !== undefined && clock.now() - (entry.toldAt ?? 0) >= tellMs;
      if (isDue) yield* tell(server, told);
      return { found, told, isDue };
    });
    entry.execution = execution;
    if (told !== undefined) entry.untold = told;
    if (found !== undefined) {
      await reviews.reload(server.id);
      revision++;
    }
    // A server that came up late, or came back as another, does not say itself that its lists are others now.
    for (const list of changed) onChange(server, `notifications/${list}/list_changed`);
    if (!isDue || told === undefined) return;
    delete entry.untold;
    entry.toldAt = clock.now();
    report(server, told);
  }

  function report({ name }: ServerRef, told: Told): void {
    const { hidden, ...others } = told;
    const counts = Object.fromEntries(
      Object.entries(others).flatMap(([what, { length }]) => (length > 0 ? [[what, length]] : [])),
    );
    const next = `mcpctl get toolchanges --server ${name}`;
    if (Object.keys(counts).length > 0)
      log.warn("tools are not as they were approved", { server: name, ...counts, next });
    if (hidden.length > 0)
      log.warn("definitions of tools hold characters that nobody sees", { server: name, tools: hidden.length });
  }

  /** Why a tool is held back until somebody approves it, and what to type; undefined when it is approved as it was last listed. */
  function heldBack(server: ServerRef, tool: string): string | undefined {
    const review = reviews.reviewOf(server, known.get(server.id)?.offer, tool);
    if (review === "approved") return undefined;
    const why = {
      new: "is new and waits to be approved",
      changed: "changed and waits to be approved",
      rejected: "changed, and the change was rejected",
      unknown: "was not listed yet by what the server executes now",
    }[review ?? "unknown"];
    // A model reads this: the name is ours, since the server's own may be a text as long as it likes.
    const name = exposedName(server.name, tool);
    const hint = review === undefined ? `describe server ${server.name}` : `describe toolchange ${name}`;
    return `The tool "${name}" ${why}: mcpctl ${hint}`;
  }

  function isStale(entry: Known): boolean {
    const { failure, fetchedAt } = entry;
    return failure === undefined ? clock.now() - fetchedAt > freshMs : clock.now() - failure.at > failureMs;
  }

  /** What these servers offer, as far as it is known now. */
  async function entriesOf(servers: readonly ServerRef[]): Promise<Entry[]> {
    const stale = servers.filter((server) => isStale(knownOf(server.id)));
    const asked = stale.map((server) => ({ server, asking: refresh(server) }));
    const unknown = asked.filter(({ server }) => knownOf(server.id).offer === undefined);
    if (unknown.length > 0) await within(firstWaitMs, Promise.all(unknown.map(({ asking }) => asking)));
    for (const { server } of unknown) {
      const entry = knownOf(server.id);
      if (entry.offer === undefined)
        entry.failure ??= { reason: `server "${server.name}" has not answered yet`, at: clock.now() };
    }
    return servers.map((server) => {
      const { offer, failure } = knownOf(server.id);
      return { server, offer, missing: failure?.reason };
    });
  }

  return {
    entriesOf,
    /** What an endpoint of a project shows of these entries. */
    view: exposure.view,
    uriOwners,
    refresh,
    /** Lets go of servers that are no more. */
    prune(servers: readonly ServerRef[]): void {
      const ids = new Set(servers.map(({ id }) => id));
      uriOwners.prune(ids);
      for (const id of known.keys()) {
        if (ids.has(id)) continue;
        known.delete(id);
        reviews.forget(id);
      }
    },
    isReadOnly: reviews.isReadOnly,
    heldBack,
    waiting: reviews.waiting,
    /** After somebody approved or rejected a change, and the commit. */
    async decided(serverId: string): Promise<void> {
      await reviews.reload(serverId);
      revision++;
    },
    /** A tool's description as its server last wrote it. */
    toolText(serverId: string, tool: string): string | undefined {
      const offer = known.get(serverId)?.offer;
      return offer === undefined ? undefined : toolsIn(offer).get(tool)?.text;
    },
    /** What a server last said of itself. */
    introductionOf: (serverId: string): Introduction | undefined => known.get(serverId)?.offer?.introduction,
    toolsOf: (serverId: string): number | undefined => known.get(serverId)?.offer?.tools.length,
    /** Changes whenever any answer of `entriesOf` may have changed. */
    revision: () => revision,
  };
}
