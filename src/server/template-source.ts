import { once } from "../lib/once.ts";
import { Problem } from "../lib/problem.ts";
import type { Source, tableSource } from "../rbac/source.ts";
import type { Resource } from "../resources/define.ts";
import { Template } from "../resources/template.ts";

/** Templates as a kind: those of mcpctl lie in this executable, what was applied in the table. One that was applied takes the place of ours. */
export function templateSource(shipped: () => readonly Resource[], table: ReturnType<typeof tableSource>): Source {
  const ofName = once(() => new Map(shipped().map((template) => [template.name, template])));
  const told = (row: Resource): Resource => ({ ...row, source: ofName().has(row.name) ? "overlay" : "applied" });
  return {
    *list() {
      const rows = yield* table.list();
      const applied = new Set(rows.map(({ name }) => name));
      const others = shipped().filter(({ name }) => !applied.has(name));
      return [...rows.map(told), ...others].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    *find(ref) {
      const row = yield* table.find(ref);
      return row === undefined ? ofName().get(ref) : told(row);
    },
    *save(name, fields, existing, by, also) {
      if (existing?.["source"] !== "built-in") return yield* table.save(name, fields, existing, by, also);
      // What `get -o yaml` printed of one of ours is still what it is.
      if (isSame(fields, existing)) return { resource: existing, action: "unchanged" };
      const saved = yield* table.save(name, fields, undefined, by, also);
      return { ...saved, resource: told(saved.resource), action: "configured" };
    },
    *remove(template, also) {
      if (template["source"] === "built-in")
        throw new Problem("conflict", `template "${template.name}" is of mcpctl itself`, {
          hint: `apply one of the same name, and it is used in its place`,
        });
      yield* table.remove(template, also);
    },
  };
}

const isSame = (fields: Record<string, unknown>, shipped: Resource): boolean =>
  Object.keys(Template.fields.properties).every(
    (field) => field === "source" || Bun.deepEquals(fields[field], shipped[field], true),
  );
