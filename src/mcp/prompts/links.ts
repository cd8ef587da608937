import type { Clock } from "../../lib/clock.ts";
import { Ending } from "../../lib/ending.ts";
import type { Log } from "../../lib/log.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { limiter, within } from "../../lib/wait.ts";
import type { Database } from "../../storage/op.ts";
import type { Connections } from "../upstream/connections.ts";
import { createTexts, type LinkState } from "./link-states.ts";
import { type Linked, type MayRead, type Target, targetOf } from "./link-target.ts";
import { loops, type Reading, readingOf, tooMany } from "./link-text.ts";
import { mostLinks, type Trail, trailKey } from "./trail.ts";

export type LinkOptions = {
  db: Database;
  /** Without them every link is dead. */
  connections?: Pick<Connections, "get"> | undefined;
  clock: Clock;
  log: Log;
  mayRead: MayRead;
  /** Takes a server's own secrets out of what it says. */
  blotOf?: ((serverId: string) => (text: string) => string) | undefined;
  /** Told of every look that had an end: the text, or that there is none any more. */
  looked: (id: string, text: string | undefined) => void;
};

/** How long a reader waits for a text that was never read, and where the readings before it on this way stand. */
export type ReadOptions = { patienceMs?: number | undefined; trail?: Trail | undefined };

/** A gate that opens waits no longer for a text. */
const patienceMs = 2_000;
export const answerMs = 10_000;
/** Looks that nobody waits for, at once and in line. */
const looks = { atOnce: 4, waiting: 10_000 } as const;
/** Readings on the way of another one, which are never put together with anybody's. */
const mostNested = 64;

/** The texts behind links: read through their servers with the rights of who wrote them, which are looked at for every reader. */
export function createLinks(options: LinkOptions) {
  const { db, clock, log, mayRead, looked } = options;
  const texts = createTexts(clock);
  const underWay = new Map<string, Promise<Reading>>();
  const inTurn = limiter(looks.atOnce, looks.waiting, () => new Problem("unavailable", "too many links wait"));
  let nested = 0;

  /** @throws Problem `unavailable`: dead, in a loop, or not read yet */
  async function read(
    link: Linked,
    { patienceMs: patience = patienceMs, trail = [] }: ReadOptions = {},
  ): Promise<string> {
    // Told to this reader alone: anybody can claim to come this way.
    if (trail.includes(link.id)) throw dead(loops);
    if (trail.length >= mostLinks) throw dead(tooMany);
    const target = await db.read(() => targetOf(link, mayRead));
    if ("dead" in target) throw dead(settle(link, target, true).dead);
    const known = texts.of(link);
    if (known?.text !== undefined) {
      texts.used(link.id);
      if (!known.isFresh) void renew(link, target);
      return known.text;
    }
    if (known?.state === "dead" && known.isFresh) throw dead(known.reason ?? "");
    const reading = await within(patience, trail.length > 0 ? alone(link, target, trail) : renew(link, target));
    if (reading === undefined)
      throw new Problem("unavailable", "its server has not answered yet", {
        hint: "ask again in a moment",
        retryAfterSeconds: 2,
      });
    if ("dead" in reading) throw dead(reading.dead);
    return reading.text;
  }

  /** One look for all who want it. */
  function renew(link: Linked, target: Target): Promise<Reading> {
    const key = JSON.stringify([link.id, link.link]);
    const running = underWay.get(key);
    if (running !== undefined) return running;
    const look = fetched(link, target, [])
      .then((reading) => settle(link, reading, false))
      .finally(() => underWay.delete(key));
    underWay.set(key, look);
    return look;
  }

  /** Whoever waited for a look here might wait for himself. What goes wrong on the way of another says nothing of this link to its other readers. */
  async function alone(link: Linked, target: Target, trail: Trail): Promise<Reading> {
    if (nested >= mostNested) return { dead: "too many links are being read through one another" };
    nested++;
    try {
      const reading = await fetched(link, target, trail);
      return "text" in reading ? settle(link, reading, false) : reading;
    } finally {
      nested--;
    }
  }

  async function fetched(link: Linked, { server, uri }: Target, trail: Trail): Promise<Reading> {
    const given = new Ending();
    const blot = options.blotOf?.(server.id) ?? ((text: string) => text);
    const ask = async () => {
      if (options.connections === undefined) throw new Problem("unavailable", "no server can be reached from here");
      const upstream = await options.connections.get(server);
      const params = JSON.stringify({ uri, _meta: { [trailKey]: [...trail, link.id] } });
      return readingOf(await upstream.request("resources/read", params, { timeoutMs: answerMs, ending: given }));
    };
    try {
      const reading = (await within(answerMs, ask())) ?? {
        dead: `its server did not answer within ${answerMs / 1000} s`,
      };
      if ("dead" in reading) return { dead: blot(reading.dead) };
      // The right to it may have ended while it was read.
      const still = await db.read(() => targetOf(link, mayRead));
      return "dead" in still ? still : reading;
    } catch (error) {
      const reason = blot(messageOf(error));
      return { dead: reason.startsWith("server ") ? reason : `server "${server.name}": ${reason}` };
    } finally {
      given.end();
    }
  }

  const look = (link: Linked): Promise<void> =>
    inTurn(async () => {
      texts.spoil(link.id);
      await read(link, { patienceMs: answerMs });
    }).catch(() => {});

  function settle<R extends Reading>(link: Linked, reading: R, isOfRights: boolean): R {
    const before = texts.of(link);
    texts.settle(link, reading, isOfRights);
    if ("text" in reading) looked(link.id, reading.text);
    else if (before?.reason !== reading.dead) {
      log.warn("the link of a prompt is dead", { prompt: link.id, link: link.link, reason: reading.dead });
      looked(link.id, undefined);
    }
    return reading;
  }

  return {
    read,
    /** As the last look found it; asks nobody. */
    stateOf: (link: Linked): LinkState => texts.of(link) ?? { state: "unknown" },
    /** Looks once, for nobody in particular. Resolves whatever it finds. */
    look,
    /**
     * After rights, servers or projects changed: which of them lead nowhere any more, without a call; what may lead somewhere again is looked at,
     * without being waited for.
     */
    async review(all: readonly Linked[]): Promise<void> {
      for (const link of all) {
        const target = await db.read(() => targetOf(link, mayRead));
        const known = texts.of(link);
        if ("dead" in target) settle(link, target, true);
        else if (known?.state === "dead" && !known.isFresh) void look(link);
      }
    },
    /** Lets go of what is known of all other prompts. */
    keepOnly: texts.keepOnly,
    size: texts.size,
  };
}

const dead = (reason: string) =>
  new Problem("unavailable", `The link of this prompt is dead: ${reason}`, { hint: "mcpctl describe prompt NAME" });
