import { parsedJson } from "../../lib/json.ts";
import { getMeta, setMeta } from "../../storage/meta.ts";
import type { Op } from "../../storage/op.ts";

const key = "backup-recipients";

/** Whom backups are for when nobody says; set by somebody who may do everything, so that others make backups that they cannot read. */
export function* recipientsOf(): Op<string[]> {
  const kept = parsedJson((yield* getMeta(key)) ?? "[]");
  return Array.isArray(kept) ? kept.map(String) : [];
}

export function* setRecipients(recipients: readonly string[]): Op<void> {
  yield* setMeta(key, JSON.stringify(recipients));
}
