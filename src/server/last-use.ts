import type { Clock } from "../lib/clock.ts";
import type { Database } from "../storage/op.ts";
import { touchTokens } from "../storage/tokens.ts";

const everyMs = 60_000;

/** When each token was last used: kept in memory and written once a minute, so that reading a tool's answer costs no write. */
export function lastUses(db: Database, clock: Clock) {
  const pending = new Map<string, number>();
  const timer = setInterval(() => void flush().catch(() => {}), everyMs);
  timer.unref();

  async function flush(): Promise<void> {
    if (pending.size === 0) return;
    const uses = [...pending];
    pending.clear();
    await db.write(() => touchTokens(uses));
  }

  return {
    note: (tokenId: string) => void pending.set(tokenId, clock.now()),
    flush,
    stop: () => clearInterval(timer),
  };
}
