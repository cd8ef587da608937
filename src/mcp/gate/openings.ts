import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { messageOf } from "../../lib/problem.ts";
import { seldom } from "../../lib/seldom.ts";
import { turn } from "../../lib/wait.ts";
import type { Database } from "../../storage/op.ts";
import {
  deleteExpiredOpenings,
  deleteOpening,
  listOpenings,
  putOpening,
  type StoredOpening,
} from "../../storage/openings.ts";

/** Who stands before the gate of a project: a session of a caller, then the caller; who has no session is the caller alone. */
export type Place = { project: string; holders: readonly string[] };

type Opening = Omit<StoredOpening, "tags" | "delivered"> & { tags: Set<string>; delivered: Set<string> };

const mostOpenings = 10_000;
const mostTags = 64;
const mostDelivered = 1_000;
const rowsAtOnce = 100;

/**
 * For whom gates are open. All of it is in memory, so that every request may ask; the database has it a moment later, for the next start. What
 * cannot be written is open all the same, and is tried again with the next change.
 */
export type Openings = Awaited<ReturnType<typeof createOpenings>>;

/** @throws Problem `unavailable` when what was open cannot be read */
export async function createOpenings(db: Database, clock: Clock, log: Log, most = mostOpenings) {
  const all = new Map<string, Opening>();
  const dirty = new Set<string>();
  const warn = seldom(log, clock);
  let writing: Promise<void> | undefined;

  for (const stored of await db.read(() => listOpenings(clock.now(), most)))
    all.set(keyOf(stored.projectId, stored.holder), {
      ...stored,
      tags: new Set(stored.tags),
      delivered: new Set(stored.delivered),
    });

  /** Those of its holders that have one which is not over. */
  const openAt = ({ project, holders }: Place): Opening[] =>
    holders.flatMap((holder) => {
      const opening = all.get(keyOf(project, holder));
      return opening === undefined || opening.expiresAt <= clock.now() ? [] : [opening];
    });

  function changed({ projectId, holder }: Opening): void {
    dirty.add(keyOf(projectId, holder));
    writing ??= write();
  }

  /** One after the other, so that what was written last is what was last true. */
  async function write(): Promise<void> {
    // What else is said in this turn goes along.
    await turn();
    try {
      while (dirty.size > 0) await writeSome([...dirty].slice(0, rowsAtOnce));
    } catch (error) {
      warn("", "the gate is open, but will not be after a restart: it cannot be written", { reason: messageOf(error) });
    } finally {
      // In the same turn as the last look: whatever changes from now on begins anew.
      writing = undefined;
    }
  }

  async function writeSome(keys: readonly string[]): Promise<void> {
    for (const key of keys) dirty.delete(key);
    try {
      await db.write(function* () {
        yield* deleteExpiredOpenings(clock.now());
        for (const key of keys) yield* writeOne(key);
      });
    } catch (error) {
      for (const key of keys) dirty.add(key);
      throw error;
    }
  }

  function* writeOne(key: string) {
    const opening = all.get(key);
    if (opening !== undefined)
      yield* putOpening({ ...opening, tags: [...opening.tags], delivered: [...opening.delivered] });
    else yield* deleteOpening(...placeIn(key));
  }

  /** What is over goes first, then the same caller's earliest: who makes sessions without end closes nobody else's gate. */
  function makeRoom(project: string, caller: string): void {
    if (all.size < most) return;
    const now = clock.now();
    for (const [key, { expiresAt }] of all) if (expiresAt <= now) drop(key);
    if (all.size < most) return;
    const own = keyOf(project, `${caller} `);
    drop([...all.keys()].find((key) => key.startsWith(own)) ?? [...all.keys()][0] ?? "");
  }

  function drop(key: string): void {
    all.delete(key);
    // Its row ends by itself, so it may be forgotten while nothing can be written.
    if (dirty.size < 2 * most) dirty.add(key);
  }

  return {
    isOpen: (place: Place): boolean => openAt(place).length > 0,
    /** What was said at this place since it opened. */
    tagsOf: (place: Place): string[] => [...new Set(openAt(place).flatMap(({ tags }) => [...tags]))],
    /** Opens for all of its holders; for whom it is open already it stays so as long as before. Answers whether it was closed. */
    open(place: Place, tags: readonly string[], seconds: number): boolean {
      const before = openAt(place);
      const now = clock.now();
      for (const holder of place.holders) {
        const opening = before.find((one) => one.holder === holder) ?? {
          projectId: place.project,
          holder,
          tags: new Set<string>(),
          delivered: new Set(before.flatMap(({ delivered }) => [...delivered])),
          openedAt: now,
          expiresAt: now + seconds * 1_000,
        };
        addUpTo(opening.tags, tags, mostTags);
        const key = keyOf(place.project, holder);
        if (!all.has(key)) makeRoom(place.project, place.holders.at(-1) ?? "");
        // The latest stand last.
        if (!before.includes(opening)) all.delete(key);
        all.set(key, opening);
        changed(opening);
      }
      return before.length === 0;
    },
    /** From now on this prompt was delivered there. False when it was before. */
    claim(place: Place, prompt: string): boolean {
      const open = openAt(place);
      if (open.some(({ delivered }) => delivered.has(prompt))) return false;
      for (const opening of open) {
        addUpTo(opening.delivered, [prompt], mostDelivered);
        changed(opening);
      }
      return true;
    },
    /** It was not delivered after all. */
    release(place: Place, prompt: string): void {
      for (const opening of openAt(place)) {
        opening.delivered.delete(prompt);
        changed(opening);
      }
    },
    /** Once all of it is written that can be. */
    async close(): Promise<void> {
      while (writing !== undefined) await writing;
    },
  };
}

/** No id has a space in it; the holder may. */
const keyOf = (project: string, holder: string): string => `${project} ${holder}`;

function placeIn(key: string): [project: string, holder: string] {
  const end = key.indexOf(" ");
  return [key.slice(0, end), key.slice(end + 1)];
}

function addUpTo(set: Set<string>, more: readonly string[], most: number): void {
  for (const one of more) if (set.size < most) set.add(one);
}
