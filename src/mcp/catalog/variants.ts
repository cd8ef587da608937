import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { remember } from "../../lib/remember.ts";
import { limiter, sleep, within } from "../../lib/wait.ts";
import { contentHash } from "../canonical.ts";
import { executionOf } from "../execution.ts";
import type { Abilities } from "../peer.ts";
import type { ServerRef } from "../upstream/connections.ts";
import { interactive } from "../upstream/private.ts";
import { mostVariants } from "./approvals.ts";
import type { Entry } from "./catalog.ts";
import { differing, type ListName, type Offer } from "./offer.ts";

/** The lists that a server gives to clients of these abilities. `key` is their name, in short. */
export type Variant = {
  key: string;
  abilities: Abilities;
  /** There where it differs from the lists for everybody, with what the server executed. */
  differs?: { offer: Offer; execution: string };
  /** After which news of the server it was asked for; undefined when it was never read. */
  asOf?: string;
  askedAt: number;
  usedAt: number;
  /** How long it is left alone after it was asked for: longer each time that this brings nothing new. */
  pauseMs: number;
  asking?: Promise<void>;
  /** Somebody was answered without it: nobody else waits, and it is told when it is there. */
  isLate: boolean;
};

type Options = {
  /** Reads the lists as such a client would. @throws Problem `unavailable` */
  read: (server: ServerRef, abilities: Abilities) => Promise<Offer>;
  /** Changes whenever a variant may be another than it was. */
  newsOf: (server: ServerRef) => string;
  /** What it offers to everybody. */
  plainOf: (serverId: string) => Offer | undefined;
  /** Has it reviewed and written. */
  keep: (server: ServerRef, variant: Variant, offer: Offer) => Promise<Offer>;
  /** These lists are others than clients of these abilities were told. */
  changed: (server: ServerRef, lists: readonly ListName[]) => void;
  clock: Clock;
  log: Log;
};

/** Each is a process of its own, for a server over stdio. */
const mostAtOnce = 2;
const mostWaiting = 1_000;
const firstPauseMs = 5_000;
const longestPauseMs = 10 * 60_000;
/** Asked for again behind the answer, since not every server tells of changes. */
const oldMs = 60 * 60_000;
/** Each of them is not asked after at every call. */
const goodMs = 1_000;
/** After this long without a client of these abilities, they make room for others. */
const idleMs = 10 * 60_000;

/**
 * Legacy servers may offer more to clients that can be asked: by what these declare when they initialize. So for each set of abilities that clients
 * have, a server is asked once as such a client would, and again when something changed, never on the way of a call.
 */
export function createVariants({ read, newsOf, plainOf, keep, changed, clock, log }: Options) {
  const known = new Map<string, Map<string, Variant>>();
  /** What clients of these abilities were last answered for these entries, which are others as soon as there is news of one. */
  const answered = new WeakMap<readonly Entry[], Map<string, { at: number; entries: readonly Entry[] }>>();
  const closing = new AbortController();
  const inTurn = limiter(mostAtOnce, mostWaiting, () => new Problem("unavailable", "too many are asked already"));

  /** Undefined when clients of too many other abilities use the server. */
  function placeOf(serverId: string, key: string, abilities: Abilities): Variant | undefined {
    const own = known.get(serverId) ?? new Map<string, Variant>();
    known.set(serverId, own);
    const now = clock.now();
    const there = own.get(key);
    if (there === undefined && own.size >= mostVariants) {
      const idle = [...own.values()].find(({ asking, usedAt }) => asking === undefined && now - usedAt > idleMs);
      if (idle === undefined) return undefined;
      own.delete(idle.key);
    }
    const variant = there ?? { key, abilities, askedAt: 0, usedAt: now, pauseMs: firstPauseMs, isLate: false };
    variant.usedAt = now;
    own.set(key, variant);
    return variant;
  }

  function refresh(server: ServerRef, variant: Variant): void {
    const isDue = variant.asOf !== newsOf(server) || clock.now() - variant.askedAt > oldMs;
    if (variant.asking !== undefined || !isDue) return;
    const pauseMs = variant.askedAt + variant.pauseMs - clock.now();
    // What was read before is good enough meanwhile; only the first time is worth waiting for.
    variant.isLate = variant.asOf !== undefined || pauseMs > 0;
    variant.asking = ask(server, variant, pauseMs).finally(() => {
      delete variant.asking;
      variant.isLate = false;
    });
  }

  async function ask(server: ServerRef, variant: Variant, pauseMs: number): Promise<void> {
    if (pauseMs > 0) await sleep(pauseMs, closing.signal);
    if (closing.signal.aborted) return;
    try {
      await inTurn(() => askNow(server, variant));
    } catch (error) {
      variant.pauseMs = Math.min(variant.pauseMs * 2, longestPauseMs);
      log.info("what a server offers to more able clients cannot be read", {
        server: server.name,
        reason: messageOf(error),
      });
    }
  }

  async function askNow(server: ServerRef, variant: Variant): Promise<void> {
    // It is as old as the asking: news that come meanwhile may not be in it.
    const asOf = newsOf(server);
    variant.askedAt = clock.now();
    const before = variant.differs?.offer ?? plainOf(server.id);
    const offer = await keep(server, variant, await read(server, variant.abilities));
    const lists = differing(offer, before);
    variant.pauseMs = lists.length > 0 ? firstPauseMs : Math.min(variant.pauseMs * 2, longestPauseMs);
    variant.asOf = asOf;
    if (differing(offer, plainOf(server.id)).length === 0) delete variant.differs;
    else variant.differs = { offer, execution: executionOf(server.fields) };
    if (lists.length > 0) changed(server, variant.isLate ? lists : []);
  }

  return {
    /** The entries as a client of these abilities sees them; of what is being asked for the first time, what is there after so long. */
    async of(entries: readonly Entry[], abilities: Abilities, waitMs: number): Promise<readonly Entry[]> {
      const asked = interactive(abilities);
      if (Object.keys(asked).length === 0) return entries;
      const words = JSON.stringify(asked);
      const before = answered.get(entries)?.get(words);
      if (before !== undefined && clock.now() - before.at < goodMs) return before.entries;
      const key = contentHash(words).slice(0, 16);
      const found = entries.map(({ server, offer }) => {
        const variant = offer?.introduction?.era === "legacy" ? placeOf(server.id, key, asked) : undefined;
        if (variant !== undefined) refresh(server, variant);
        return variant;
      });
      const awaited = found.filter((variant) => variant?.isLate === false && variant.asking !== undefined);
      if (awaited.length > 0) await within(waitMs, Promise.all(awaited.map((variant) => variant?.asking)));
      for (const variant of awaited) if (variant?.asking !== undefined) variant.isLate = true;
      const theirs = entries.map((entry, n) => {
        const differs = found[n]?.differs;
        // What another program offered is no word of the one that is called now.
        if (differs?.execution !== executionOf(entry.server.fields)) return entry;
        return { ...entry, offer: differs.offer, variant: key };
      });
      if (found.every((variant) => variant?.asking === undefined)) {
        const byAbilities = answered.get(entries) ?? new Map();
        answered.set(entries, byAbilities);
        remember(byAbilities, words, { at: clock.now(), entries: theirs }, mostVariants);
      }
      return theirs;
    },
    offerOf: (serverId: string, key: string): Offer | undefined => known.get(serverId)?.get(key)?.differs?.offer,
    /** Those of a server that differ, by their names. */
    differing: (serverId: string): [key: string, offer: Offer][] =>
      [...(known.get(serverId)?.values() ?? [])].flatMap(({ key, differs }) => (differs ? [[key, differs.offer]] : [])),
    forget: (serverId: string) => void known.delete(serverId),
    close: () => closing.abort(),
  };
}
