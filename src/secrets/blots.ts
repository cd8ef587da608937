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

const nothing: Blot = blotOf([]);

/** The secrets that each server was last given, for as long as it is there: what it says of them is for nobody. */
export function createBlots() {
  const blots = new Map<string, Blot>();
  return {
    give(serverId: string, secrets: readonly string[]): void {
      blots.set(serverId, blotOf(secrets));
    },
    of: (serverId: string): Blot => blots.get(serverId) ?? nothing,
    prune(ids: ReadonlySet<string>): void {
      for (const id of blots.keys()) if (!ids.has(id)) blots.delete(id);
    },
  };
}
