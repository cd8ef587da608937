import { type Op, type Row, sql } from "./op.ts";

/** Who a right is given to: a kind of subject and the id behind the name, such as `User:0199…`. */
export type Subject = `${"User"}:${string}`;

export function* setSubjects(definitionId: string, subjects: readonly Subject[]): Op<void> {
  yield sql`DELETE FROM rbac_subjects WHERE definition_id = ${definitionId}`;
  for (const subject of new Set(subjects)) {
    yield sql`INSERT INTO rbac_subjects (definition_id, subject) VALUES (${definitionId}, ${subject})`;
  }
}

/** The definitions that give this subject something: their names and their fields as stored. */
export function* definitionsFor(subject: Subject): Op<{ id: string; name: string; fields: Record<string, unknown> }[]> {
  const rows: Row[] =
    yield sql`SELECT r.id, r.name, r.fields FROM rbac_subjects s JOIN resources r ON r.id = s.definition_id
    WHERE s.subject = ${subject} ORDER BY r.name`;
  return rows.map((row) => ({
    id: String(row["id"]),
    name: String(row["name"]),
    fields: JSON.parse(String(row["fields"])),
  }));
}

export function* removeSubject(subject: Subject): Op<void> {
  yield sql`DELETE FROM rbac_subjects WHERE subject = ${subject}`;
}
