import { hostOf, reachOf } from "../lib/address-guard.ts";
import type { LlmRef } from "./exchange.ts";
import type { Tier } from "./llm.ts";

/**
 * Who is asked for a text of this tier, the first that is up: the project's own llm, and before it, when that is of the other tier, those of this one
 * by name. What a project keeps in its own network stays there: no llm of the internet takes the place of one at home.
 */
export function askedFor(own: LlmRef, all: readonly LlmRef[], tier: Tier): LlmRef[] {
  if (own.fields.tier === undefined || own.fields.tier === tier) return [own];
  const fitting = all.filter((llm) => llm.fields.tier === tier && (isAtHome(llm) || !isAtHome(own)));
  return [...fitting.toSorted((a, b) => (a.name < b.name ? -1 : 1)), own];
}

/** Names that no public zone has. */
const homely = /^[^.]+$|\.(local|lan|internal|localdomain|home\.arpa)$/i;

function isAtHome({ fields }: LlmRef): boolean {
  const { host, isWritten } = hostOf(new URL(fields.url));
  return isWritten ? host === "localhost" || reachOf(host) === "private" : homely.test(host);
}
