import { memberOf, objectOf, withMembers } from "./spans.ts";

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

const longestToken = 1_024;

/** JSON text of the token under which the client wants to hear of its request. */
export function progressTokenOf(paramsText: string): string | undefined {
  if (!paramsText.includes("progressToken")) return undefined;
  const meta = objectOf(paramsText, "_meta");
  const token = meta === undefined ? undefined : memberOf(meta, "progressToken");
  // It goes with each sign of progress.
  return token !== undefined && token.length <= longestToken && /^["\d-]/.test(token) ? token : undefined;
}
