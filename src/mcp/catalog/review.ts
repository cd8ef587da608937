import { shareOfTurn } from "../../lib/share.ts";
import type { Pin } from "../../storage/pins.ts";
import { contentHash } from "../canonical.ts";
import { memberOf, objectOf } from "../spans.ts";
import type { Item, Offer } from "./offer.ts";

/** What is thought of a tool's definition. Only `approved` is beyond doubt. */
export type Review = "approved" | "new" | "changed" | "rejected";

/** The decision: what a person approved, or the server's first list, compared with what the server says now. */
export function reviewOf(pin: Pick<Pin, "approvedHash" | "rejectedHash"> | undefined, hash: string): Review {
  if (pin === undefined) return "new";
  if (pin.approvedHash === hash) return "approved";
  if (pin.rejectedHash === hash) return "rejected";
  return pin.approvedHash === null ? "new" : "changed";
}

/** What a new list means for what is pinned. Pure. */
export type Findings = {
  /** The server's first word, which counts. */
  baseline: Item[];
  /** Tools whose definition is not as it was when last looked at, and is not approved. */
  changed: { item: Item; review: Exclude<Review, "approved"> }[];
  /** Tools that were approved and are offered no more. */
  removed: string[];
  /** Tools that say again what is approved. */
  settled: string[];
  /** Tools that were never approved, and went as they came. */
  forgotten: string[];
};

/** `isFirst`: nothing is known yet of what this server executes. */
export function findingsOf(
  pins: ReadonlyMap<string, Pin>,
  tools: ReadonlyMap<string, Item>,
  isFirst: boolean,
): Findings {
  const findings: Findings = { baseline: [], changed: [], removed: [], settled: [], forgotten: [] };
  for (const item of tools.values()) {
    const pin = pins.get(item.key);
    const hash = hashOf(item);
    const review = reviewOf(pin, hash);
    // Pinned before definitions were: its word that it changes something stands.
    const takesBack = pin?.readOnly === false && saysReadOnly(item.text);
    if (isFirst && !takesBack) findings.baseline.push(item);
    else if (review !== "approved" && pin?.changeHash !== hash) findings.changed.push({ item, review });
    else if (review === "approved" && pin?.changeHash !== null) findings.settled.push(item.key);
  }
  for (const pin of pins.values()) {
    if (tools.has(pin.tool)) continue;
    if (pin.approvedHash === null) {
      // A rejection outlives the tool, or it would come back as new.
      if (pin.rejectedHash === null) findings.forgotten.push(pin.tool);
    } else if (pin.changeHash !== "") findings.removed.push(pin.tool);
  }
  return findings;
}

/** What of a variant's tools is not as in the lists for everybody. */
export function ownTools(offer: Offer, plain: Offer): ReadonlyMap<string, Item> {
  const common = toolsIn(plain);
  return new Map(
    [...toolsIn(offer)].filter(([tool, item]) => {
      const same = common.get(tool);
      return same === undefined || hashOf(same) !== hashOf(item);
    }),
  );
}

/**
 * What a variant's list means for what is pinned of it. A definition that somebody approved for other clients is approved; on the first list so is
 * a tool that no pin of any variant speaks of. Tools that are gone need nobody: should they return, they are new.
 */
export function variantFindings(
  rows: readonly Pin[],
  variant: string,
  tools: ReadonlyMap<string, Item>,
  isFirst: boolean,
): Findings {
  const pins = new Map(rows.filter((pin) => pin.variant === variant).map((pin) => [pin.tool, pin]));
  const seen = new Set(rows.map(({ tool }) => tool));
  const approved = new Set(rows.map(({ tool, approvedHash }) => `${approvedHash} ${tool}`));
  const isBelieved = ({ item, review }: Findings["changed"][number]) =>
    review === "new" && (approved.has(`${hashOf(item)} ${item.key}`) || (isFirst && !seen.has(item.key)));
  const { changed, removed, forgotten, ...findings } = findingsOf(pins, tools, false);
  return {
    ...findings,
    baseline: changed.filter(isBelieved).map(({ item }) => item),
    changed: changed.filter((one) => !isBelieved(one)),
    removed: [],
    forgotten: [...forgotten, ...removed],
  };
}

/** The list with a hash beside each tool's definition; of those that are as in the list before it is known already. */
export async function hashed(offer: Offer, before: Offer | undefined): Promise<Offer> {
  const known = before === undefined ? undefined : toolsIn(before);
  const spent = shareOfTurn();
  const tools: Item[] = [];
  for (const item of offer.tools) {
    const same = known?.get(item.key);
    tools.push({ ...item, hash: same?.text === item.text ? hashOf(same) : contentHash(item.text) });
    const turn = spent();
    if (turn !== undefined) await turn;
  }
  return { ...offer, tools };
}

const indexes = new WeakMap<Offer, ReadonlyMap<string, Item>>();

/** Tools by name; of two of one name the first counts, as it does for clients. */
export function toolsIn(offer: Offer): ReadonlyMap<string, Item> {
  const known = indexes.get(offer);
  if (known !== undefined) return known;
  const index = new Map<string, Item>();
  for (const item of offer.tools) if (!index.has(item.key)) index.set(item.key, item);
  indexes.set(offer, index);
  return index;
}

export const hashOf = (item: Item): string => item.hash ?? contentHash(item.text);

/** Annotations are a server's own word; what it is worth is said by `isReadOnly` alone. */
export function saysReadOnly(text: string): boolean {
  const annotations = objectOf(text, "annotations");
  return annotations !== undefined && memberOf(annotations, "readOnlyHint") === "true";
}
