import {
  type Changes,
  type Members,
  memberOf,
  membersOf,
  memberText,
  objectOf,
  rewritten,
  withMembers,
} from "./spans.ts";

/**
 * The object's text with some members of its `_meta` replaced (JSON text), added, or left out (`undefined`). A `_meta` of which nothing is left is
 * left out too, and one that is no object holds nothing to leave out.
 */
export function withMeta(text: string, changes: Changes): string {
  const members = membersOf(text);
  const meta = metaIn(text, members);
  if (meta === undefined && Object.values(changes).every((value) => value === undefined)) return text;
  return rewritten({ text, members }, { _meta: changedMeta(meta, changes) }).text;
}

/** `_meta` with these changes; undefined when nothing is left of it. */
export function changedMeta(meta: string | undefined, changes: Changes): string | undefined {
  const kept = withMembers(meta ?? "{}", changes);
  return kept === "{}" ? undefined : kept;
}

/** The text of `_meta`, where that is an object. */
export function metaIn(text: string, members: Members): string | undefined {
  const meta = memberText(text, members, "_meta");
  return meta?.startsWith("{") === true ? meta : undefined;
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
