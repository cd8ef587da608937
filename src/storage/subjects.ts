import { type Op, type Row, sql } from "./op.ts";

/** Who a right is given to: a kind of subject and the id behind the name, such as `User:0199…`. */
export type Subject = `${"User" | "Group" | "ServiceAccount" | "McpToken"}:${string}`;

/** A definition that gives somebody something: its name, its fields as JSON text, and the group through which it comes, if any. */
export type Given = { id: string; name: string; fields: string; via: string | undefined };

export function* setSubjects(definitionId: string, subjects: readonly Subject[]): Op<void> {
  yield sql`DELETE FROM rbac_subjects WHERE definition_id = ${definitionId}`;
  for (const subject of new Set(subjects)) {
    yield sql`INSERT INTO rbac_subjects (definition_id, subject) VALUES (${definitionId}, ${subject})`;
  }
}

/**
 * All that a subject is given, directly and as a member of groups, in the order of the definitions' names. Asked several times at every
 * request, so written with subqueries: a join costs six times as much here (bench/rbac.ts).
 */
export function* definitionsFor(subject: Subject): Op<Given[]> {
  const id = subject.slice(subject.indexOf(":") + 1);
  const rows: Row[] = yield sql`SELECT s.definition_id AS id,
      (SELECT name FROM resources WHERE id = s.definition_id) AS name,
      (SELECT fields FROM resources WHERE id = s.definition_id) AS fields,
      CASE WHEN s.subject <> ${subject} THEN (SELECT name FROM resources WHERE id = substr(s.subject, length('Group:') + 1)) END AS via
    FROM rbac_subjects s
    WHERE s.subject IN (SELECT ${subject} UNION ALL SELECT 'Group:' || group_id FROM group_members WHERE member_id = ${id})`;
  const given = rows.map((row) => ({
    id: String(row["id"]),
    name: String(row["name"]),
    fields: String(row["fields"]),
    via: row["via"] === null ? undefined : String(row["via"]),
  }));
  return given.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Ids of the definitions that name a subject itself. */
export function* definitionsNaming(subject: Subject): Op<string[]> {
  const rows: Row[] = yield sql`SELECT definition_id FROM rbac_subjects WHERE subject = ${subject}`;
  return rows.map((row) => String(row["definition_id"]));
}

export function* removeSubject(subject: Subject): Op<void> {
  yield sql`DELETE FROM rbac_subjects WHERE subject = ${subject}`;
}

export function* setMembers(groupId: string, memberIds: readonly string[]): Op<void> {
  yield sql`DELETE FROM group_members WHERE group_id = ${groupId}`;
  for (const memberId of new Set(memberIds)) {
    yield sql`INSERT INTO group_members (group_id, member_id) VALUES (${groupId}, ${memberId})`;
  }
}

/** Ids of the groups that somebody is in. */
export function* groupsOf(memberId: string): Op<string[]> {
  const rows: Row[] = yield sql`SELECT group_id FROM group_members WHERE member_id = ${memberId}`;
  return rows.map((row) => String(row["group_id"]));
}

/** Ids of the users and service accounts behind everything that holds a definition of this text: `%"resource":"*"%`, or any with `%`. */
export function* holdersOf(fieldsLike: string): Op<string[]> {
  const rows: Row[] = yield sql`WITH strong AS (
      SELECT s.subject FROM rbac_subjects s JOIN resources r ON r.id = s.definition_id WHERE r.fields LIKE ${fieldsLike})
    SELECT substr(subject, instr(subject, ':') + 1) AS id FROM strong WHERE subject LIKE 'User:%' OR subject LIKE 'ServiceAccount:%'
    UNION
    SELECT m.member_id FROM strong JOIN group_members m ON strong.subject = 'Group:' || m.group_id`;
  return rows.map((row) => String(row["id"]));
}
