import { objectOf, withMembers } from "./spans.ts";

/**
 * The object's text with some members of its `_meta` replaced (JSON text), added, or left out (`undefined`). A `_meta` of which nothing is left is
 * left out too, and one that is no object holds nothing to leave out.
 */
export function withMeta(text: string, changes: Record<string, string | undefined>): string {
  const meta = objectOf(text, "_meta");
  if (meta === undefined && Object.values(changes).every((value) => value === undefined)) return text;
  const kept = withMembers(meta ?? "{}", changes);
  return withMembers(text, { _meta: kept === "{}" ? undefined : kept });
}
