/** Tables from which nobody learns who may do what, or what there is: what was done, seen and shown. */
const quietTables = [
  "audit_anchor",
  "audit_blocks",
  "audit_events",
  "audit_heads",
  "eras",
  "exposed_names",
  "gate_openings",
  "offers",
  "tool_pins",
  "variants",
];
const asksOnly = /^(?:SELECT|SAVEPOINT|RELEASE|ROLLBACK TO)\b/;
const quietWrite = new RegExp(`^(?:INSERT INTO|UPDATE|DELETE FROM) (?:${quietTables.join("|")})\\b`);
const lastUse = "UPDATE tokens SET last_used_at = ? WHERE id = ?";
const writes = /\b(?:INSERT|UPDATE|DELETE|REPLACE)\b/i;

/**
 * Whether a statement, by its text, changes nothing of rights or of what there is. Of what is not known here it is taken that it does: the worst
 * that comes of that is that something is read anew.
 */
export function isQuiet(statement: string): boolean {
  const text = statement.replace(/\s+/g, " ").trim();
  if (asksOnly.test(text) || text === lastUse) return true;
  return text.startsWith("WITH ") ? !writes.test(text) : quietWrite.test(text);
}
