import { isId } from "../../lib/id.ts";
import type { Source } from "../../rbac/source.ts";
import type { Resource } from "../../resources/define.ts";
import type { ToolChangeFields } from "../../resources/tool-change.ts";
import type { Op } from "../../storage/op.ts";
import { findChange, listChanges, type StoredChange, type WholeChange } from "../../storage/tool-changes.ts";
import { definitionDiff } from "./definition-diff.ts";
import { changeName } from "./names.ts";

/** Changes of tools as a kind: seen here, and settled by `approve` and `reject`. */
export const changeSource: Source = {
  *list() {
    return (yield* listChanges()).map(presentChange);
  },
  *find(ref) {
    const change = yield* changeBy(ref);
    return change === undefined ? undefined : { ...presentChange(change), ...differences(change) };
  },
};

function* changeBy(ref: string): Op<WholeChange | undefined> {
  if (isId(ref)) return yield* findChange(ref);
  const named = (yield* listChanges()).find(
    ({ serverName, tool, variant }) => changeName(serverName, tool, variant) === ref,
  );
  return named === undefined ? undefined : yield* findChange(named.id);
}

function presentChange(change: StoredChange): Resource<ToolChangeFields> {
  const { id, serverName, tool, variant, abilities, approvedHash, changeHash, hidden, seenAt } = change;
  const seen = new Date(seenAt).toISOString();
  return {
    id,
    name: changeName(serverName, tool, variant),
    server: serverName,
    tool,
    ...(abilities === null ? {} : { declared: Object.keys(JSON.parse(abilities) as object) }),
    state: stateOf(change),
    hash: changeHash === "" ? (approvedHash ?? "") : changeHash,
    ...(approvedHash === null || approvedHash === "" ? {} : { approvedHash }),
    seenAt: seen,
    ...(hidden.length === 0 ? {} : { hidden: [...hidden] }),
    version: 1,
    createdAt: seen,
    updatedAt: seen,
  };
}

function stateOf({ changeHash, rejectedHash, approvedHash }: StoredChange): ToolChangeFields["state"] {
  if (changeHash === "") return "removed";
  if (changeHash === rejectedHash) return "rejected";
  return approvedHash === null ? "new" : "changed";
}

function differences({ approved, approvedHash, changeHash, change }: WholeChange): { diff?: string[] } {
  if (changeHash === "") return {};
  const isKept = approvedHash === null || approved !== null;
  return {
    diff: [
      ...(isKept ? [] : ["What was approved was not kept; this is all of it."]),
      ...definitionDiff(approved, change),
    ],
  };
}
