/** What a client learned of its call: its own answer, or anything else. */
export type Seen = "answered" | "failed";

/** How calls, sent once each, fared at their servers. Pure: what clients saw and what servers counted in, verdict out. */
export type Verdict = {
  answered: number;
  /** Failed to their clients: carried out all the same, or never arrived. */
  failed: { delivered: number; undelivered: number };
  /** Ids that arrived more than once. */
  twice: string[];
  /** Ids whose clients were told that they succeeded, and that never arrived. */
  unfounded: string[];
  /** Ids that arrived and that nobody sent. */
  invented: string[];
};

export function judge(seen: ReadonlyMap<string, Seen>, arrivals: readonly string[]): Verdict {
  const counts = new Map<string, number>();
  for (const id of arrivals) counts.set(id, (counts.get(id) ?? 0) + 1);
  const failed = [...seen].filter(([, what]) => what === "failed").map(([id]) => id);
  const delivered = failed.filter((id) => counts.has(id)).length;
  return {
    answered: seen.size - failed.length,
    failed: { delivered, undelivered: failed.length - delivered },
    twice: [...counts].filter(([, count]) => count > 1).map(([id]) => id),
    unfounded: [...seen].filter(([id, what]) => what === "answered" && !counts.has(id)).map(([id]) => id),
    invented: [...counts.keys()].filter((id) => !seen.has(id)),
  };
}
