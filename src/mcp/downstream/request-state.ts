import { randomBytes } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import { answerMs } from "../peer.ts";
import type { Seal } from "../seal.ts";

/** Whose call it is, and which: principal, project, server, method, name, arguments. Asked for only where a state is given out or brought. */
export type CallKey = { subject: string; words: () => readonly string[] };

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
  const boundTo = ({ words }: CallKey) => ["state", boot, ...words()];

  return {
    /** By its nonce a state is told from that of another round. */
    give(carried: Carried, key: CallKey): { text: string; nonce: string } {
      const nonce = randomBytes(9).toString("base64url");
      const sealed: Sealed = { ...carried, until: clock.now() + answerMs, nonce };
      return { text: seal.seal(sealed, boundTo(key)), nonce };
    },
    /** What it holds, once; undefined for all that was not given for this call, was used or is too old. */
    take(text: unknown, key: CallKey): Sealed | undefined {
      if (typeof text !== "string") return undefined;
      const sealed = seal.open(text, boundTo(key)) as Sealed | undefined;
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
