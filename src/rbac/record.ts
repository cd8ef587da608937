import { Problem } from "../lib/problem.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { findKind } from "../resources/index.ts";
import type { Op } from "../storage/op.ts";
import type { Rights } from "./rights.ts";
import type { Consequence } from "./source.ts";

/** A change as it is recorded, in the transaction that makes it. */
export type Change = {
  kind: AnyKind;
  action: "create" | "update" | "delete" | "revoke" | "rotate" | "approve" | "reject" | "restart";
  before?: Resource | undefined;
  after?: Resource | undefined;
  /** What was given besides and is never given back, and what it was before: for fingerprints only. */
  secrets?: Record<string, unknown>;
  formerSecrets?: Record<string, unknown> | undefined;
};
export type Recorder = (by: Pick<Rights, "actor" | "address">, change: Change) => Op<void>;

/** What a change did elsewhere, each as a change of its own by the same hand. */
export function* recordConsequences(
  record: Recorder,
  by: Pick<Rights, "actor" | "address">,
  consequences: readonly Consequence[],
): Op<void> {
  for (const { kind: word, action, before, after } of consequences) {
    const kind = findKind(word);
    if (kind === undefined) throw new Problem("internal", `there is no kind ${word} to record a change of`);
    yield* record(by, { kind, action, before, after });
  }
}
