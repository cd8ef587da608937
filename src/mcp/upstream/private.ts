import type { Clock } from "../../lib/clock.ts";
import type { Outcome } from "../answers.ts";
import type { Asker } from "../asker.ts";
import type { Abilities, Peer } from "../peer.ts";
import { unavailable } from "./failures.ts";
import { finished } from "./finished.ts";
import { askedBy, type Introduction, type Upstream } from "./upstream.ts";

/** One caller may have several, since its clients may declare different things; not so many that none are left for others. */
const most = { ofOne: 8, perServer: 32, inAll: 256 } as const;
/** Over stdio each is a process: who gave its client another name with each call had one started and another ended with each. */
const begunOfOne = 16;
const begunMs = 20_000;
const idleMs = 5 * 60_000;
const sweepMs = 30_000;

/** What a caller is given a conversation of its own for: to be asked, or to hear log messages. Nothing of that goes with a single legacy request. */
export const needsOwn = ({ era, capabilities }: Pick<Introduction, "era" | "capabilities">, peer: Peer): boolean =>
  era === "legacy" && (mayBeAsked(peer.abilities) || hearsLogs(capabilities, peer));

const mayBeAsked = ({ elicitation, sampling, roots }: Abilities): boolean =>
  elicitation !== undefined || sampling !== undefined || roots !== undefined;

export const hearsLogs = (capabilities: Record<string, unknown>, { logLevel }: Peer): boolean =>
  logLevel !== undefined && capabilities["logging"] !== undefined;

/** By what of it a legacy server may ask something of its client, or offer more. */
export const interactive = ({ elicitation, sampling, roots }: Abilities): Abilities => ({
  ...(elicitation === undefined ? {} : { elicitation }),
  ...(sampling === undefined ? {} : { sampling }),
  ...(roots === undefined ? {} : { roots }),
});

/** Whose a conversation is: the caller and the program by its name, which people give one token to several of; and what was declared in it. */
export type Owner = { subject: string; program: string | undefined; abilities: Abilities; hearsLogs: boolean };

export const programOf = (clientInfo: object | undefined): string | undefined => {
  const { name } = (clientInfo ?? {}) as { name?: unknown };
  return typeof name === "string" ? name.slice(0, longestName) : undefined;
};
const longestName = 64;

/** One more conversation with a server; `copy` is the instance that it ends with. */
export type Another = { upstream: Upstream; copy?: string };

type Held = {
  serverId: string;
  owner: Owner;
  opening: Promise<Upstream>;
  upstream?: Upstream;
  copy?: string;
  busy: number;
  usedAt: number;
};

/**
 * Conversations of one caller each, by server and owner: opened at first use, within bounds, and closed when they were idle for long or make room.
 */
export function createPrivates(clock: Clock) {
  const held = new Map<string, Held>();
  /** Those that were begun of late, whatever became of them. */
  let begun: { serverId: string; subject: string; at: number }[] = [];
  const closing = new AbortController();
  const timer = setInterval(sweep, sweepMs);
  timer.unref();

  async function get(serverId: string, owner: Owner, open: () => Promise<Another>): Promise<Upstream> {
    const place = JSON.stringify([serverId, owner]);
    const known = held.get(place);
    if (known !== undefined) {
      known.usedAt = clock.now();
      return await known.opening;
    }
    pace(serverId, owner);
    makeRoom(serverId, owner);
    const entry: Held = {
      serverId,
      owner,
      opening: open().then(({ upstream, copy }) => {
        if (copy !== undefined) entry.copy = copy;
        return counted(entry, upstream);
      }),
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
    return askedBy(upstream, (method, params, options, asker) => {
      entry.busy++;
      upstream.ask(method, params, options, new Counted(entry, clock, asker));
    });
  }

  /** @throws Problem `unavailable` when one caller has had too many opened of late */
  function pace(serverId: string, { subject }: Owner): void {
    const at = clock.now();
    begun = begun.filter((one) => at - one.at < begunMs);
    if (begun.filter((one) => one.serverId === serverId && one.subject === subject).length >= begunOfOne)
      throw unavailable(
        `${begunOfOne} conversations of your own were opened with it within ${begunMs / 1000} s; clients of one name and the same abilities share one`,
      );
    begun.push({ serverId, subject, at });
  }

  /** @throws Problem `unavailable` when all that could make room are in use */
  function makeRoom(serverId: string, { subject }: Owner): void {
    const own = () => [...held].filter(([, entry]) => entry.serverId === serverId);
    const theirs = own().filter(([, entry]) => entry.owner.subject === subject);
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

  /** The roots of this program of the caller's are others now: its own conversations with the server hear so, if it declared any. */
  function rootsChanged(serverId: string, subject: string, program: string | undefined): void {
    for (const { serverId: of, owner, upstream } of held.values()) {
      const isOwn = of === serverId && owner.subject === subject && owner.program === program;
      if (isOwn && owner.abilities.roots !== undefined) void upstream?.notify("notifications/roots/list_changed");
    }
  }

  /** Nothing new is asked in these, and they are closed once what was asked is answered. */
  async function retire(chosen: (entry: Pick<Held, "serverId" | "copy">) => boolean): Promise<void> {
    const theirs = [...held].filter(([, entry]) => chosen(entry));
    for (const [place] of theirs) held.delete(place);
    await Promise.all(theirs.map(async ([, { upstream }]) => upstream && (await finished(upstream, closing.signal))));
  }

  const of = (serverId: string) => [...held.values()].filter((entry) => entry.serverId === serverId);

  function drop(serverId: string): void {
    for (const [place, entry] of held) if (entry.serverId === serverId) end(place, entry);
  }

  function close(): void {
    closing.abort();
    clearInterval(timer);
    for (const [place, entry] of held) end(place, entry);
  }

  return {
    get,
    retire,
    has: (serverId: string, subject: string): boolean => of(serverId).some(({ owner }) => owner.subject === subject),
    usedAt: (serverId: string): number => Math.max(0, ...of(serverId).map(({ usedAt }) => usedAt)),
    busy: (serverId: string): number => of(serverId).reduce((sum, { busy }) => sum + busy, 0),
    rootsChanged,
    sweep,
    drop,
    close,
    size: () => held.size,
  };
}

/** A request in a conversation of one caller, which is in use until it is answered. */
class Counted implements Asker {
  readonly #held: Held;
  readonly #clock: Clock;
  readonly #asker: Asker;

  constructor(held: Held, clock: Clock, asker: Asker) {
    this.#held = held;
    this.#clock = clock;
    this.#asker = asker;
  }

  answered(outcome: Outcome): void {
    this.#over();
    this.#asker.answered(outcome);
  }

  failed(why: unknown): void {
    this.#over();
    this.#asker.failed(why);
  }

  #over(): void {
    this.#held.busy--;
    this.#held.usedAt = this.#clock.now();
  }
}
