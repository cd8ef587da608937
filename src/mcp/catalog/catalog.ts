import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { within } from "../../lib/wait.ts";
import { listOffers, putOffer } from "../../storage/offers.ts";
import type { Database } from "../../storage/op.ts";
import type { Connections, ServerRef } from "../upstream/connections.ts";
import type { Introduction } from "../upstream/upstream.ts";
import { createExposure } from "./exposure.ts";
import { fetchOffer, type Offer } from "./offer.ts";
import { createPins } from "./pins.ts";
import { createUriOwners } from "./uri-owners.ts";

type Known = { offer?: Offer; fetchedAt: number; failure?: { reason: string; at: number }; refreshing?: Promise<void> };

/** One server of a project and what it is known to offer; `missing` says why nothing is known or why it is old. */
export type Entry = { server: ServerRef; offer: Offer | undefined; missing: string | undefined };

/** How old a list may be before it is asked for again, behind the answer. */
const freshMs = 60_000;
/** How long the first caller waits for a server that nothing is known of, and how long nobody waits after that failed. */
const firstWaitMs = 1_500;
const failureMs = 10_000;
const fetchMs = 30_000;

/** What all servers offer: the last known state at once, refreshed behind. One dead server costs the first caller a short wait, nobody else. */
export type Catalog = Awaited<ReturnType<typeof createCatalog>>;

export async function createCatalog(db: Database, connections: () => Connections, clock: Clock, log: Log) {
  const known = new Map<string, Known>();
  const pins = await createPins(db);
  const uriOwners = createUriOwners();
  const exposure = createExposure(db, log, uriOwners);
  let revision = 1;
  for (const { serverId, body, fetchedAt } of await db.read(listOffers)) {
    known.set(serverId, { offer: JSON.parse(body) as Offer, fetchedAt });
  }

  const knownOf = (id: string): Known => {
    const entry = known.get(id) ?? { fetchedAt: 0 };
    known.set(id, entry);
    return entry;
  };

  /** Asks the server anew; never rejects. Whoever asks meanwhile shares the asking. */
  function refresh(server: ServerRef): Promise<void> {
    const entry = knownOf(server.id);
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

  async function keep(server: ServerRef, entry: Known, offer: Offer, askedAt: number): Promise<void> {
    const body = JSON.stringify(offer);
    if (entry.failure !== undefined || body !== JSON.stringify(entry.offer)) revision++;
    entry.offer = offer;
    entry.fetchedAt = askedAt;
    delete entry.failure;
    const fresh = pins.fresh(server, offer);
    await db.write(function* () {
      yield* putOffer({ serverId: server.id, fingerprint: String(server.version), body, fetchedAt: entry.fetchedAt });
      yield* pins.store(fresh);
    });
    pins.remember(fresh);
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
        pins.forget(id);
      }
    },
    isReadOnly: pins.isReadOnly,
    /** A tool's description as its server last wrote it. */
    toolText: (serverId: string, tool: string): string | undefined =>
      known.get(serverId)?.offer?.tools.find(({ key }) => key === tool)?.text,
    /** What a server last said of itself. */
    introductionOf: (serverId: string): Introduction | undefined => known.get(serverId)?.offer?.introduction,
    toolsOf: (serverId: string): number | undefined => known.get(serverId)?.offer?.tools.length,
    /** Changes whenever any answer of `entriesOf` may have changed. */
    revision: () => revision,
  };
}
