import type { Abilities } from "../peer.ts";
import { isHopKey, metaKeys } from "../protocol.ts";
import { memberText } from "../spans.ts";
import type { Inbound } from "./inbound.ts";
import { abilitiesOf } from "./session.ts";

/** Who a client of the modern era says that it is. */
export type Who = { readonly abilities: Abilities; readonly clientInfo: object | undefined };

/** So many are kept at once, and none that says more than this. */
const mostKept = 512;
const longestKept = 2_048;
const kept = new Map<string, Who>();

/** It says so with each request anew: what is made of that is made once for all that say it in the same words. */
export function whoIn({ meta, brief, members }: Inbound): Who {
  const words = memberText(brief, members, "_meta") ?? "";
  const known = kept.get(words);
  if (known !== undefined) return known;
  const said = meta[metaKeys.clientInfo];
  const who: Who = {
    abilities: abilitiesOf(meta[metaKeys.clientCapabilities]),
    clientInfo: typeof said === "object" && said !== null ? said : undefined,
  };
  if (words.length > longestKept || !isOfAllItsCalls(meta)) return who;
  if (kept.size >= mostKept) kept.clear();
  // A copy: a part of a text holds on to the whole.
  kept.set(Buffer.from(words, "utf16le").toString("utf16le"), who);
  return who;
}

/** Whatever else stands there, such as a trace, is another with each call. */
function isOfAllItsCalls(meta: Inbound["meta"]): boolean {
  for (const key in meta) if (!isHopKey(key)) return false;
  return true;
}
