import { Problem } from "../lib/problem.ts";
import { type Also, present } from "../rbac/source.ts";
import type { GroupFields } from "../resources/group.ts";
import type { RbacFields, SubjectKind } from "../resources/rbac.ts";
import type { Op } from "../storage/op.ts";
import { findResource, replaceResource, type StoredResource } from "../storage/resources.ts";
import { definitionsNaming, groupsOf, removeSubject, type Subject } from "../storage/subjects.ts";
import { findTokenBySha } from "../storage/tokens.ts";

const kindOf = { User: "user", Group: "group", ServiceAccount: "serviceaccount" } as const;

/** The id behind a subject's name, and its name as it is kept. @throws Problem `invalid` */
export function* subjectOf(kind: SubjectKind, name: string): Op<{ subject: Subject; name: string }> {
  const found = kind === "McpToken" ? yield* findTokenBySha(name) : yield* findResource(kindOf[kind], name);
  if (found !== undefined) return { subject: `${kind}:${found.id}`, name: kind === "McpToken" ? name : found.name };
  throw new Problem("invalid", `there is no ${kind} of this name`, {
    hint: "subjects are User:ADDRESS, Group:NAME, ServiceAccount:NAME and McpToken:SHA",
  });
}

/** Takes a subject that goes out of every definition and group that names it, so that its name can be given again and inherits nothing. */
export function* leaveAll(kind: SubjectKind, id: string, name: string, also: Also): Op<void> {
  for (const definitionId of yield* definitionsNaming(`${kind}:${id}`)) {
    yield* change("rbac", definitionId, also, (fields) => {
      const { subjects } = fields as RbacFields;
      return { ...fields, subjects: subjects.filter((subject) => subject.kind !== kind || subject.name !== name) };
    });
  }
  yield* removeSubject(`${kind}:${id}`);
  for (const groupId of yield* groupsOf(id)) {
    yield* change("group", groupId, also, (fields) => {
      const { members } = fields as GroupFields;
      return { ...fields, members: members.filter((member) => member !== name) };
    });
  }
}

function* change(
  kind: "rbac" | "group",
  id: string,
  also: Also,
  next: (fields: StoredResource["fields"]) => StoredResource["fields"],
): Op<void> {
  const row = yield* findResource(kind, id);
  if (row === undefined) return;
  const changed = { ...row, version: row.version + 1, fields: next(row.fields) };
  yield* replaceResource(changed, row.version);
  also({ kind, action: "update", before: present(row), after: present(changed) });
}
