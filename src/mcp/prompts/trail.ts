import { isObject } from "../../lib/object.ts";

/**
 * Which links are being read on the way to this request, outermost first, by the ids of their prompts. It goes along in `_meta`, so that a link whose
 * server is this very gateway, by however many others, is known when it comes back.
 */
export type Trail = readonly string[];

export const trailKey = "mcpctl/links";

/** So many links may lead to one another. */
export const mostLinks = 4;

/** Pure. Of the parameters of a request; what is no trail is none. */
export function trailOf(params: Record<string, unknown>): Trail {
  const meta = params["_meta"];
  const trail = isObject(meta) ? meta[trailKey] : undefined;
  return Array.isArray(trail) ? trail.slice(0, mostLinks).filter((id) => typeof id === "string") : [];
}
