import type { Clock } from "../../../lib/clock.ts";
import { Problem } from "../../../lib/problem.ts";
import { remember } from "../../../lib/remember.ts";
import type { PipelineCache, ResultPlace, Results } from "../cache/cache.ts";
import { keptAnew, packResult, unpackResult } from "./packed.ts";
import { partOf } from "./part.ts";

export type ResultsOptions = {
  cache: PipelineCache;
  /** For ids: who does not have it cannot tell the id of any content. */
  idKey: Buffer;
  clock: Clock;
  /** For how long after it was asked for last; an hour when absent. */
  keepMs?: number;
};

/** Of one caller; the oldest goes first. Lengths are in characters. */
const perCaller = { results: 64, characters: 64 * 1024 * 1024 } as const;
/** What is longer is no entry of the cache. It stays in memory, the latest in all up to so much, and is gone after a restart. */
const long = { characters: 16 * 1024 * 1024 - 1, inAll: 64 * 1024 * 1024 } as const;
const mostCallers = 10_000;

/** Without i, l, o and u, which are read as 1, 1, 0 and v. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const idLength = 8;

type Kept = { place: ResultPlace; key: string; characters: number };

export function createResults({ cache, idKey, clock, keepMs = 3_600_000 }: ResultsOptions): Results {
  const callers = new Map<string, Map<string, Kept>>();
  const longOnes = new Map<string, { text: string; expires: number }>();

  function put(place: ResultPlace, id: string, text: string): void {
    const key = keyOf(place, id);
    const name = JSON.stringify([place.project, place.principal, key]);
    // Written anew once a quarter of the time is over, so that it is not written at each reading.
    const ttlMs = keepMs * 1.25;
    longOnes.delete(name);
    if (text.length <= long.characters) cache.put(scopeOf(place), key, text, ttlMs);
    else {
      longOnes.set(name, { text, expires: clock.now() + ttlMs });
      for (const [other, { expires }] of longOnes) if (expires <= clock.now()) longOnes.delete(other);
      trim(longOnes, ({ text }) => text.length, long.inAll, Number.POSITIVE_INFINITY);
    }
    count({ place, key, characters: text.length });
  }

  function count(kept: Kept): void {
    const { project, principal } = kept.place;
    const caller = JSON.stringify([project, principal]);
    // Of a caller who falls out the results stay where they are until their time is over.
    const own = remember(callers, caller, callers.get(caller) ?? new Map<string, Kept>(), mostCallers);
    own.delete(kept.key);
    own.set(kept.key, kept);
    for (const { place, key } of trim(own, ({ characters }) => characters, perCaller.characters, perCaller.results)) {
      longOnes.delete(JSON.stringify([place.project, place.principal, key]));
      cache.put(scopeOf(place), key, "", 0);
    }
  }

  async function find(place: ResultPlace, id: string): Promise<string | undefined> {
    const key = keyOf(place, id);
    const held = longOnes.get(JSON.stringify([place.project, place.principal, key]));
    if (held !== undefined && held.expires > clock.now()) return held.text;
    return await cache.get(scopeOf(place), key);
  }

  return {
    keep(place, parts) {
      const id = idOf(idKey, place, parts.original);
      put(place, id, packResult(parts, clock.now()));
      return id;
    },
    async read(place, given, wanted) {
      const id = spelt(given);
      const text = id === undefined ? undefined : await find(place, id);
      if (id === undefined || text === undefined) throw unknown();
      const { at, parts } = unpackResult(text);
      if (clock.now() - at > keepMs / 4) put(place, id, keptAnew(text, clock.now()));
      return partOf(parts, wanted);
    },
  };
}

/** Somebody else's, an old one and one made up are told the same. */
const unknown = () =>
  new Problem("not_found", "This result is not kept, or not any more. Call the tool again without _resultId.");

const scopeOf = ({ project, principal }: ResultPlace) => ({ project, principal });
const keyOf = ({ source }: ResultPlace, id: string) => JSON.stringify(["result", 1, source, id]);

function idOf(key: Buffer, { principal, project, source }: ResultPlace, content: string): string {
  // Of ten megabytes five times as fast as node:crypto's.
  const bytes = new Bun.CryptoHasher("sha256", key)
    .update(JSON.stringify([principal, project, source]))
    .update(content)
    .digest();
  return `r${Array.from(bytes.subarray(0, idLength), (byte) => alphabet[byte % alphabet.length]).join("")}`;
}

/** As we spell it, whatever a model made of its case and of letters that look alike; undefined for what cannot be one. */
function spelt(given: string): string | undefined {
  if (given.length > 64) return undefined;
  const id = given
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .replace(/[ilou]/g, (letter) => ({ i: "1", l: "1", o: "0", u: "v" })[letter] ?? letter);
  return id.length === idLength + 1 && id.startsWith("r") ? id : undefined;
}

/** Takes the oldest out until the rest is within both; the newest stays whatever it is. */
function trim<T>(map: Map<string, T>, size: (item: T) => number, mostSize: number, most: number): T[] {
  const gone: T[] = [];
  let sum = 0;
  for (const item of map.values()) sum += size(item);
  for (const [key, item] of map) {
    if ((sum <= mostSize && map.size <= most) || map.size === 1) break;
    map.delete(key);
    sum -= size(item);
    gone.push(item);
  }
  return gone;
}
