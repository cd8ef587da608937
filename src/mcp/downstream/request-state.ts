import { randomBytes } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import { answerMs } from "../peer.ts";
import type { Seal } from "../seal.ts";

/** What a modern client carries from one round of a call to the next: a call that we hold for it, or its server's own state. */
type Carried = { held: string } | { upstream: string | null };
type Sealed = Carried & { until: number; nonce: string };

const mostUsed = 20_000;

/** `requestState` as clients have it (reference/protocol.md §1.7): sealed to whose call it is and which, and good once. */
export type RequestStates = ReturnType<typeof createRequestStates>;

export function createRequestStates(seal: Seal, clock: Clock) {
  const used = new Map<string, number>();
  /** What was used is forgotten by a restart, so no state outlives one. */
  const boot = randomBytes(9).toString("base64url");
  const bound = (words: readonly string[]) => ["state", boot, ...words];

  return {
    /** `words` say whose call it is and which. By its nonce a state is told from that of another round. */
    give(carried: Carried, words: readonly string[]): { text: string; nonce: string } {
      const nonce = randomBytes(9).toString("base64url");
      const sealed: Sealed = { ...carried, until: clock.now() + answerMs, nonce };
      return { text: seal.seal(sealed, bound(words)), nonce };
    },
    /** What it holds, once; undefined for all that was not given under these words, was used or is too old. */
    take(text: unknown, words: readonly string[]): Sealed | undefined {
      if (typeof text !== "string") return undefined;
      const sealed = seal.open(text, bound(words)) as Sealed | undefined;
      if (sealed === undefined || sealed.until < clock.now() || used.has(sealed.nonce)) return undefined;
      // Those that have expired need not be remembered: their time refuses them.
      if (used.size >= mostUsed)
        for (const [nonce, until] of used) {
          if (until >= clock.now()) break;
          used.delete(nonce);
        }
      if (used.size >= mostUsed) return undefined;
      used.set(sealed.nonce, sealed.until);
      return sealed;
    },
  };
}
