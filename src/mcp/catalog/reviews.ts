import { newId } from "../../lib/id.ts";
import type { Database, Op } from "../../storage/op.ts";
import {
  type Definition,
  deleteOtherPins,
  deletePin,
  dropChange,
  listPins,
  type Pin,
  pinApproved,
  pinChange,
  pinsOfServer,
} from "../../storage/pins.ts";
import { executionOf } from "../execution.ts";
import type { ServerRef } from "../upstream/connections.ts";
import { hiddenIn } from "./hidden.ts";
import type { Item, Offer } from "./offer.ts";
import { type Findings, findingsOf, hashOf, type Review, reviewOf, saysReadOnly, toolsIn } from "./review.ts";

/** Longer definitions are pinned by their hash alone. */
const longestKept = 64 * 1024;
/** The tool is gone. */
const nothing: Definition = { hash: "", text: null, readOnly: false, hidden: [] };

type Pinned = { fingerprint: string; pins: Map<string, Pin> };

/** What a new list brought, told once: names of tools, and those of them with characters that nobody sees. */
export type Told = { new: string[]; changed: string[]; removed: string[]; hidden: string[] };

/**
 * What of each tool is approved. A server's first list is, for as long as the server executes the same; what it says later of a tool is a change
 * that a person approves or rejects. Annotations are part of it: a server that could take them back and forth would talk itself into read-only
 * tokens.
 */
export async function createReviews(db: Database) {
  const known = new Map<string, Pinned>();
  for (const pin of await db.read(listPins)) pinned(pin.serverId, pin.fingerprint).pins.set(pin.tool, pin);

  function pinned(serverId: string, fingerprint: string): Pinned {
    const there = known.get(serverId);
    if (there?.fingerprint === fingerprint) return there;
    const fresh = { fingerprint, pins: new Map<string, Pin>() };
    known.set(serverId, fresh);
    return fresh;
  }

  /** What is pinned of what this server executes now; undefined when that was never listed. */
  function pinsOf({ id, fields }: ServerRef): Pinned["pins"] | undefined {
    const there = known.get(id);
    return there?.fingerprint === executionOf(fields) ? there.pins : undefined;
  }

  /** Writes what a list brought, if anything; `isFirst` when this execution of the server was never listed before. */
  function* store(server: ServerRef, offer: Offer, isFirst: boolean, seenAt: number): Op<Told | undefined> {
    const fingerprint = executionOf(server.fields);
    if (isFirst) yield* deleteOtherPins(server.id, fingerprint);
    const rows = (yield* pinsOfServer(server.id)).filter((pin) => pin.fingerprint === fingerprint);
    const findings = findingsOf(new Map(rows.map((pin) => [pin.tool, pin])), toolsIn(offer), isFirst);
    const place = (tool: string) => ({ serverId: server.id, fingerprint, tool });
    const hidden: string[] = [];
    const defined = (item: Item): Definition => {
      const definition = definitionOf(item);
      if (definition.hidden.length > 0) hidden.push(item.key);
      return definition;
    };
    for (const item of findings.baseline) yield* pinApproved(place(item.key), defined(item));
    for (const { item } of findings.changed) yield* pinChange(place(item.key), defined(item), { id: newId(), seenAt });
    for (const tool of findings.removed) yield* pinChange(place(tool), nothing, { id: newId(), seenAt });
    for (const tool of findings.settled) yield* dropChange(place(tool));
    for (const tool of findings.forgotten) yield* deletePin(place(tool));
    return isFirst || Object.values(findings).some(({ length }) => length > 0) ? toldOf(findings, hidden) : undefined;
  }

  /** After a commit: what is written counts from now on. */
  async function reload(serverId: string): Promise<void> {
    const rows = await db.read(() => pinsOfServer(serverId));
    known.delete(serverId);
    for (const pin of rows) pinned(serverId, pin.fingerprint).pins.set(pin.tool, pin);
  }

  return {
    store,
    reload,
    /** What is thought of a tool as it was last listed; undefined when that list is of something else than the server executes now. */
    reviewOf(server: ServerRef, offer: Offer | undefined, tool: string): Review | undefined {
      const pins = pinsOf(server);
      const item = offer === undefined ? undefined : toolsIn(offer).get(tool);
      return pins === undefined || item === undefined ? undefined : reviewOf(pins.get(tool), hashOf(item));
    },
    /** True when what was approved of the tool says so and what it says now does; of a server that executes something else since, nothing is known yet. */
    isReadOnly: (server: ServerRef, tool: string, text: string): boolean =>
      pinsOf(server)?.get(tool)?.readOnly === true && saysReadOnly(text),
    /** How many tools of a server wait for somebody to look at them. */
    waiting: (serverId: string): number =>
      [...(known.get(serverId)?.pins.values() ?? [])].filter(
        ({ changeHash, rejectedHash }) => changeHash !== null && changeHash !== "" && changeHash !== rejectedHash,
      ).length,
    forget: (serverId: string) => void known.delete(serverId),
  };
}

const definitionOf = (item: Item): Definition => ({
  hash: hashOf(item),
  text: item.text.length <= longestKept ? item.text : null,
  readOnly: saysReadOnly(item.text),
  hidden: hiddenIn(item.text),
});

function toldOf({ changed, removed }: Findings, hidden: string[]): Told {
  const named = (review: Review) => changed.filter((one) => one.review === review).map(({ item }) => item.key);
  return { new: named("new"), changed: named("changed"), removed, hidden };
}

const mostTold = 1_000;

/** What was not told yet, and what came since; undefined when that is nothing. */
export function together(before: Told | undefined, now: Told | undefined): Told | undefined {
  const both = (sort: keyof Told) =>
    [...new Set([...(before?.[sort] ?? []), ...(now?.[sort] ?? [])])].slice(0, mostTold);
  const told = { new: both("new"), changed: both("changed"), removed: both("removed"), hidden: both("hidden") };
  return Object.values(told).some(({ length }) => length > 0) ? told : undefined;
}
