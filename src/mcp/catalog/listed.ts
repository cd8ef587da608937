import { executionOf } from "../execution.ts";
import type { ServerRef } from "../upstream/connections.ts";
import type { Introduction } from "../upstream/upstream.ts";
import type { Known } from "./known.ts";
import type { Offer } from "./offer.ts";
import { toolsIn } from "./review.ts";
import type { createVariants } from "./variants.ts";
import { isReadable } from "./view.ts";

type Variants = Pick<ReturnType<typeof createVariants>, "offerOf" | "differing">;

/** What is asked of the lists that are known, by a server's id. Nothing is fetched for it. */
export function listedBy(known: ReadonlyMap<string, Known>, variants: Variants) {
  const offerOf = (serverId: string, variant: string | undefined): Offer | undefined =>
    variant === undefined ? known.get(serverId)?.offer : variants.offerOf(serverId, variant);

  return {
    offerOf,
    /** A tool's description as its server last wrote it. */
    toolText(serverId: string, tool: string, variant?: string): string | undefined {
      const offer = offerOf(serverId, variant);
      return offer === undefined ? undefined : toolsIn(offer).get(tool)?.text;
    },
    /** The variant in which a tool stands that is not offered to everybody. */
    variantWith(serverId: string, tool: string): string | undefined {
      const plain = offerOf(serverId, undefined);
      if (plain === undefined || toolsIn(plain).has(tool)) return undefined;
      return variants.differing(serverId).find(([, offer]) => toolsIn(offer).has(tool))?.[0];
    },
    /** What a server last said of itself. */
    introductionOf: (serverId: string): Introduction | undefined => known.get(serverId)?.offer?.introduction,
    /** All lists of what the server executes now that are known: the one for everybody first, then those that differ. */
    listsOf({ id, fields }: ServerRef): Offer[] {
      const { offer, execution } = known.get(id) ?? {};
      if (offer === undefined || execution !== executionOf(fields)) return [];
      return [offer, ...variants.differing(id).map(([, differing]) => differing)];
    },
    /** By their own names, as the server last listed them for everybody. */
    toolNamesOf: (serverId: string): string[] | undefined => known.get(serverId)?.offer?.tools.map(({ key }) => key),
    /** How many tools it offers, and how many of them are shown to nobody (`unreadable`). */
    toolsOf(serverId: string): { tools: number; left: number } | undefined {
      const { offer } = known.get(serverId) ?? {};
      if (offer === undefined) return undefined;
      const tools = offer.tools.filter(isReadable).length;
      return { tools, left: offer.tools.length - tools };
    },
  };
}
