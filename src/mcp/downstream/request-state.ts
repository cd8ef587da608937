import type { Clock } from "../../lib/clock.ts";
import { randomBytes } from "../../lib/crypto.ts";
import { answerMs } from "../peer.ts";
import type { Seal } from "../seal.ts";

/** Whose call it is, and which: principal, project, server, method, name, arguments. Asked for only where a state is given out or brought. */
export type CallKey = { subject: string; words: () => readonly string[] };

/** What a modern client carries from one round of a call to the next: a call that we hold for it, or its server's own state. */
type Carried = { held: string } | { upstream: string | null };
type Sealed = Carried & { until: number; nonce: string };

/** States that were used and have not expired, in all and of one caller: what is beyond is refused, since it might be used again. */
const mostUsed = { inAll: 50_000, ofOne: 10_000 } as const;

/** `requestState` as clients have it (reference/protocol.md §1.7): sealed to whose call it is and which, and good once. */
export type RequestStates = ReturnType<typeof createRequestStates>;

export function createRequestStates(seal: Seal, clock: Clock) {
  const used = new Map<string, { until: number; subject: string }>();
  const usedBy = new Map<string, number>();
  /** What was used is forgotten by a restart, so no state outlives one. */
  const boot = randomBytes(9).toString("base64url");
  const boundTo = (key: CallKey) => ["state", boot, ...key.words()];

  const isFull = (subject: string): boolean =>
    used.size >= mostUsed.inAll || (usedBy.get(subject) ?? 0) >= mostUsed.ofOne;

  /** Those that have expired need not be remembered: their time refuses them. */
  function forgetExpired(): void {
    for (const [nonce, { until, subject }] of used) {
      if (until >= clock.now()) continue;
      used.delete(nonce);
      const left = (usedBy.get(subject) ?? 1) - 1;
      if (left > 0) usedBy.set(subject, left);
      else usedBy.delete(subject);
    }
  }

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
      const { subject } = key;
      if (isFull(subject)) forgetExpired();
      if (isFull(subject)) return undefined;
      used.set(sealed.nonce, { until: sealed.until, subject });
      usedBy.set(subject, (usedBy.get(subject) ?? 0) + 1);
      return sealed;
    },
  };
}
