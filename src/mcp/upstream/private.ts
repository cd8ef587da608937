import type { Clock } from "../../lib/clock.ts";
import type { Abilities, Peer } from "../peer.ts";
import { unavailable } from "./failures.ts";
import type { Introduction, Upstream } from "./upstream.ts";

/** One caller may have several, since its clients may declare different things; not so many that none are left for others. */
const most = { ofOne: 8, perServer: 32, inAll: 256 } as const;
const idleMs = 5 * 60_000;
const sweepMs = 30_000;

/** What a caller is given a conversation of its own for: to be asked, or to hear log messages. Nothing of that goes with a single legacy request. */
export const needsOwn = ({ era, capabilities }: Pick<Introduction, "era" | "capabilities">, peer: Peer): boolean =>
  era === "legacy" && (Object.keys(interactive(peer)).length > 0 || hearsLogs(capabilities, peer));

export const hearsLogs = (capabilities: Record<string, unknown>, { logLevel }: Peer): boolean =>
  logLevel !== undefined && capabilities["logging"] !== undefined;

export const interactive = ({ abilities: { elicitation, sampling, roots } }: Peer): Abilities => ({
  ...(elicitation === undefined ? {} : { elicitation }),
  ...(sampling === undefined ? {} : { sampling }),
  ...(roots === undefined ? {} : { roots }),
});

type Held = {
  serverId: string;
  owner: string;
  opening: Promise<Upstream>;
  upstream?: Upstream;
  busy: number;
  usedAt: number;
};

/**
 * Conversations of one caller each, by server and key: opened at first use, within bounds, and closed when they were idle for long or make room.
 * A key says everything that two callers must have in common to share one, whose they are first of all.
 */
export function createPrivates(clock: Clock) {
  const held = new Map<string, Held>();
  const timer = setInterval(sweep, sweepMs);
  timer.unref();

  async function get(serverId: string, owner: string, key: string, open: () => Promise<Upstream>): Promise<Upstream> {
    const place = JSON.stringify([serverId, owner, key]);
    const known = held.get(place);
    if (known !== undefined) {
      known.usedAt = clock.now();
      return await known.opening;
    }
    makeRoom(serverId, owner);
    const entry: Held = {
      serverId,
      owner,
      opening: open().then((upstream) => counted(entry, upstream)),
      busy: 0,
      usedAt: clock.now(),
    };
    held.set(place, entry);
    const letGo = () => {
      if (held.get(place) === entry) held.delete(place);
    };
    try {
      entry.upstream = await entry.opening;
      void entry.upstream.ended.then(letGo);
      // It may have been let go of while it opened.
      if (held.get(place) !== entry) entry.upstream.close();
      return entry.upstream;
    } catch (error) {
      letGo();
      throw error;
    }
  }

  function counted(entry: Held, upstream: Upstream): Upstream {
    return {
      ...upstream,
      async request(...given) {
        entry.busy++;
        try {
          return await upstream.request(...given);
        } finally {
          entry.busy--;
          entry.usedAt = clock.now();
        }
      },
    };
  }

  /** @throws Problem `unavailable` when all that could make room are in use */
  function makeRoom(serverId: string, owner: string): void {
    const own = () => [...held].filter(([, entry]) => entry.serverId === serverId);
    const theirs = own().filter(([, entry]) => entry.owner === owner);
    if (theirs.length >= most.ofOne) closeIdle(theirs);
    if (own().length >= most.perServer) closeIdle(own());
    if (held.size >= most.inAll) closeIdle([...held]);
  }

  function closeIdle(candidates: readonly [string, Held][]): void {
    const idle = candidates.filter(([, entry]) => isIdle(entry)).toSorted(([, a], [, b]) => a.usedAt - b.usedAt)[0];
    if (idle === undefined)
      throw unavailable("too many callers have a conversation of their own with it at this moment");
    end(...idle);
  }

  const isIdle = ({ busy, upstream }: Held) => busy === 0 && upstream !== undefined;

  function end(place: string, entry: Held): void {
    held.delete(place);
    entry.upstream?.close();
  }

  function sweep(): void {
    for (const [place, entry] of held) if (isIdle(entry) && clock.now() - entry.usedAt >= idleMs) end(place, entry);
  }

  function drop(serverId: string): void {
    for (const [place, entry] of held) if (entry.serverId === serverId) end(place, entry);
  }

  function close(): void {
    clearInterval(timer);
    for (const [place, entry] of held) end(place, entry);
  }

  return { get, sweep, drop, close, size: () => held.size };
}
