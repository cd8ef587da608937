/** What stands where a secret was. */
const mark = "•••";
/** Shorter ones are left alone: taking out every "yes" would make a log unreadable and hide nothing. */
const shortest = 6;

/** Takes known secrets out of text, of which at most so many characters are answered; none is cut into a piece that would not be found. */
export type Blot = (text: string, most?: number) => string;

/** Secrets as they are, as JSON and as addresses write them, and each line of them: text is often looked at line by line. */
export function blotOf(secrets: readonly string[]): Blot {
  const parts = secrets.flatMap((secret) => [
    secret,
    ...secret.split(/\r?\n/),
    secret.replace(/^(?:bearer|basic|token) +/i, ""),
  ]);
  const known = [
    ...new Set(parts.flatMap((part) => [part, JSON.stringify(part).slice(1, -1), encodeURIComponent(part)])),
  ]
    .filter((part) => part.length >= shortest && !part.startsWith("-----"))
    // The longest first: one may hold another.
    .toSorted((a, b) => b.length - a.length);
  const longest = known[0]?.length ?? 0;

  return (text, most = Number.POSITIVE_INFINITY) => {
    const isCut = text.length > 2 * most + longest;
    const seen = isCut ? text.slice(0, 2 * most + longest) : text;
    const clean = known.reduce((rest, part) => rest.replaceAll(part, mark), seen);
    // What was cut may end in the beginning of a secret.
    return (isCut && longest > 0 ? clean.slice(0, -longest) : clean).slice(0, most);
  };
}

/** Of one server, the newest first: a secret that was replaced may still be spoken of by what was started with it. */
const mostKnown = 64;

/** The secrets that each server was given, for as long as it is there: what it says of them is for nobody. */
export function createBlots() {
  const known = new Map<string, { secrets: readonly string[]; blot: Blot }>();
  const nothing = blotOf([]);
  let all = nothing;
  const gather = () => {
    all = blotOf([...known.values()].flatMap(({ secrets }) => secrets));
  };
  return {
    give(serverId: string, secrets: readonly string[]): void {
      const before = known.get(serverId)?.secrets ?? [];
      if (secrets.every((secret) => before.includes(secret))) return;
      const kept = [...new Set([...secrets, ...before])].slice(0, Math.max(mostKnown, secrets.length));
      known.set(serverId, { secrets: kept, blot: blotOf(kept) });
      gather();
    },
    of: (serverId: string): Blot => known.get(serverId)?.blot ?? nothing,
    /** For our own log, which speaks of all of them. */
    ofAll: (text: string, most?: number): string => all(text, most),
    prune(ids: ReadonlySet<string>): void {
      const gone = [...known.keys()].filter((id) => !ids.has(id));
      for (const id of gone) known.delete(id);
      if (gone.length > 0) gather();
    },
  };
}
