import type { AuditActor, AuditEntry } from "../resources/audit.ts";
import type { AnyKind } from "../resources/define.ts";
import { changeOf, type Fingerprint, redactedFields } from "./redact.ts";

/** A change, and who made it. `before` is absent when the resource was made, `after` when it was deleted. */
export type Change = {
  at: number;
  actor: AuditActor;
  address?: string | undefined;
  kind: AnyKind;
  /** `create`, `update`, `delete`, `revoke`, `approve`. */
  action: string;
  before?: Record<string, unknown> | undefined;
  after?: Record<string, unknown> | undefined;
  fp: Fingerprint;
};

/** The record of a change: only the fields that differ, secrets as fingerprints. */
export function changeEntry({ at, actor, address, kind, action, before, after, fp }: Change): AuditEntry {
  const clean = (fields: Change["before"]) => (fields === undefined ? undefined : redactedFields(kind, fields, fp));
  const { name, project, server, tool } = { ...before, ...after };
  return {
    at,
    kind: "change",
    outcome: "ok",
    actor,
    address,
    project: kind.kind === "project" ? String(name) : typeof project === "string" ? project : undefined,
    server: kind.kind === "server" ? String(name) : typeof server === "string" ? server : undefined,
    tool: typeof tool === "string" ? tool : undefined,
    action,
    resource: `${kind.plural}/${String(name)}`,
    detail: changeOf(clean(before), clean(after)),
  };
}
