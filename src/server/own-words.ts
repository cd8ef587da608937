import { judgeOperation } from "../rbac/judge.ts";
import type { Rights } from "../rbac/rights.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { Instance } from "../resources/instance.ts";

/** As the caller may see it: what a server printed may hold what its callers sent, so its last lines are for those who may read its log. */
export function withoutWords(rights: Rights, kind: AnyKind, item: Resource): Resource {
  if (kind !== Instance || judgeOperation(rights, "logs").allowed) return item;
  const { stderr: _, ...rest } = item;
  return rest as Resource;
}
