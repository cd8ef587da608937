import type { Clock } from "../lib/clock.ts";
import type { Database } from "../storage/op.ts";
import { touchTokens } from "../storage/tokens.ts";

const everyMs = 60_000;

/**
 * When each token was last used: kept in memory, so that reading a tool's answer costs no write. A first use is written within a second,
 * since somebody may be looking whether the new token works; of one in steady use, one write a minute. Nobody waits for the disk: without power
 * the last of them may be lost.
 */
export function lastUses(db: Pick<Database, "writeBehind">, clock: Clock, lookMs = 1_000) {
  const pending = new Map<string, number>();
  const written = new Map<string, number>();
  const timer = setInterval(() => void write(due()), lookMs);
  timer.unref();

  function due(): [string, number][] {
    const before = clock.now() - everyMs;
    for (const [id, at] of written) if (at <= before) written.delete(id);
    return [...pending].filter(([id]) => !written.has(id));
  }

  /** Never rejects: what the disk did not take is tried again in a minute, and nothing else waits for it. */
  async function write(uses: [string, number][]): Promise<void> {
    if (uses.length === 0) return;
    for (const [id] of uses) {
      pending.delete(id);
      written.set(id, clock.now());
    }
    try {
      await db.writeBehind(() => touchTokens(uses));
    } catch {
      for (const [id, at] of uses) if (!pending.has(id)) pending.set(id, at);
    }
  }

  return {
    note: (tokenId: string) => void pending.set(tokenId, clock.now()),
    flush: () => write([...pending]),
    stop: () => clearInterval(timer),
  };
}
