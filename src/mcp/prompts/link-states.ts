import type { Clock } from "../../lib/clock.ts";
import type { Linked } from "./link-target.ts";
import type { Reading } from "./link-text.ts";

export type LinkState = { state: "alive" | "dead" | "unknown"; reason?: string; lookedAt?: number };
export type Known = LinkState & { text?: string; isFresh: boolean };

const lives = { alive: 5 * 60_000, dead: 30_000 } as const;
/** Of all texts together, in characters. What was not asked for longest is read again when somebody asks. */
const mostLength = 16 * 1024 * 1024;

type Entry = { link: string; at: number; until: number } & (
  | { state: "alive"; text: string | undefined }
  | { state: "dead"; reason: string }
);

/** What the last look at each link found. */
export function createTexts(clock: Clock, most = mostLength) {
  /** The one used last stands last. */
  const entries = new Map<string, Entry>();
  let length = 0;

  const lengthOf = (entry: Entry | undefined) => (entry?.state === "alive" ? (entry.text?.length ?? 0) : 0);

  function put(id: string, entry: Entry): void {
    length += lengthOf(entry) - lengthOf(entries.get(id));
    entries.delete(id);
    entries.set(id, entry);
  }

  function shrink(): void {
    for (const [id, entry] of entries) {
      if (length <= most) return;
      if (entry.state === "alive" && entry.text !== undefined) {
        length -= entry.text.length;
        // In its place: whoever stands there next was not asked for longer.
        entries.set(id, { ...entry, text: undefined });
      }
    }
  }

  return {
    /** Undefined of a link that was never looked at, or is another one by now. */
    of({ id, link }: Linked): Known | undefined {
      const entry = entries.get(id);
      if (entry?.link !== link) return undefined;
      const isFresh = clock.now() < entry.until;
      if (entry.state === "dead") return { state: "dead", reason: entry.reason, isFresh, lookedAt: entry.at };
      const text = entry.text === undefined ? {} : { text: entry.text };
      return { state: "alive", isFresh, lookedAt: entry.at, ...text };
    },
    /** Somebody was given its text. */
    used(id: string): void {
      const entry = entries.get(id);
      if (entry !== undefined) put(id, entry);
    },
    /** `isPassing`: it is found out anew for every reader, and holds no longer than it is true. */
    settle({ id, link }: Linked, reading: Reading, isPassing: boolean): void {
      const at = clock.now();
      if ("text" in reading) put(id, { link, state: "alive", text: reading.text, at, until: at + lives.alive });
      else put(id, { link, state: "dead", reason: reading.dead, at, until: isPassing ? at : at + lives.dead });
      shrink();
    },
    /** What is known counts for nothing to the next reader. */
    spoil(id: string): void {
      const entry = entries.get(id);
      if (entry === undefined) return;
      put(id, { ...entry, until: 0, ...(entry.state === "alive" ? { text: undefined } : {}) });
    },
    keepOnly(ids: ReadonlySet<string>): void {
      for (const [id, entry] of entries)
        if (!ids.has(id)) {
          length -= lengthOf(entry);
          entries.delete(id);
        }
    },
    size: () => ({ entries: entries.size, length }),
  };
}
