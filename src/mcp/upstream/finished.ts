import { sleep } from "../../lib/wait.ts";
import type { Upstream } from "./upstream.ts";

/** How long calls that are under way may take when their conversation is let go of. */
const finishMs = 25_000;
const checkMs = 50;

/** Closes a conversation once what was asked in it is answered, or after 25 s, or at once when all ends. */
export async function finished(upstream: Pick<Upstream, "underWay" | "close">, signal: AbortSignal): Promise<void> {
  const end = performance.now() + finishMs;
  while (upstream.underWay() > 0 && performance.now() < end && !signal.aborted) await sleep(checkMs, signal);
  upstream.close();
}
