import { newId } from "../../lib/id.ts";
import { turn } from "../../lib/wait.ts";
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
import { deleteOtherVariants, putVariant } from "../../storage/variants.ts";
import { executionOf } from "../execution.ts";
import type { ServerRef } from "../upstream/connections.ts";
import { hiddenIn } from "./hidden.ts";
import type { Item, Offer } from "./offer.ts";
import {
  type Findings,
  findingsOf,
  hashOf,
  ownTools,
  type Review,
  reviewOf,
  saysReadOnly,
  toolsIn,
  variantFindings,
} from "./review.ts";
import type { Told } from "./telling.ts";

/** Longer definitions are pinned by their hash alone. */
const longestKept = 64 * 1024;
/** Of how many variants of a server it is known what was approved. */
export const mostVariants = 8;
/** The tool is gone. */
const nothing: Definition = { hash: "", text: null, readOnly: false, hidden: [] };

/** What a list brings: rows to be written, each by itself, and what is to be told of them. */
export type Plan = { steps: (() => Op<void>)[]; told: Told | undefined };

/** Pins by variant and tool. */
type Pinned = { fingerprint: string; variants: Map<string, Map<string, Pin>> };

/** The lists that a server gives to clients of these abilities, and its short name; the lists for everybody have the empty one. */
export type VariantName = { key: string; abilities: string };
const forAll = "";

/**
 * What of each tool is approved. A server's first list is, for as long as the server executes the same; what it says later of a tool is a change
 * that a person approves or rejects. Annotations are part of it: a server that could take them back and forth would talk itself into read-only
 * tokens.
 */
export async function createApprovals(db: Database) {
  const known = new Map<string, Pinned>();
  for (const pin of await db.read(listPins)) remember(pin);

  function remember(pin: Pin): void {
    const { serverId, fingerprint, variant, tool } = pin;
    const there = known.get(serverId);
    const current = there?.fingerprint === fingerprint ? there : { fingerprint, variants: new Map() };
    known.set(serverId, current);
    const pins = current.variants.get(variant) ?? new Map<string, Pin>();
    current.variants.set(variant, pins.set(tool, pin));
  }

  /** What counts for a tool of what this server executes now: what is pinned of the variant, else of the lists for everybody. */
  function pinOf({ id, fields }: ServerRef, tool: string, variant: string): { pin: Pin | undefined } | undefined {
    const there = known.get(id);
    if (there?.fingerprint !== executionOf(fields)) return undefined;
    return { pin: there.variants.get(variant)?.get(tool) ?? there.variants.get(forAll)?.get(tool) };
  }

  /** What a list brought; `isFirst` when this execution of the server was never listed before. */
  function* plan(server: ServerRef, offer: Offer, isFirst: boolean, seenAt: number): Op<Plan> {
    const fingerprint = executionOf(server.fields);
    if (isFirst) {
      yield* deleteOtherPins(server.id, fingerprint);
      yield* deleteOtherVariants(server.id, fingerprint);
    }
    const rows = (yield* pinsOfServer(server.id)).filter((pin) => pin.fingerprint === fingerprint);
    const pins = new Map(rows.filter(({ variant }) => variant === forAll).map((pin) => [pin.tool, pin]));
    const findings = findingsOf(pins, toolsIn(offer), isFirst);
    const { steps, told } = stepsFor(server, forAll, findings, seenAt);
    return { steps, told: isFirst ? (told ?? nothingToTell) : told };
  }

  /**
   * The same of a variant; what it has in common with the lists for everybody is reviewed with those. `isFirst` is its own: a tool that was seen
   * nowhere before is then as good as in a server's first list.
   */
  function* planVariant(server: ServerRef, name: VariantName, offer: Offer, plain: Offer, seenAt: number): Op<Plan> {
    const fingerprint = executionOf(server.fields);
    const variant = {
      serverId: server.id,
      fingerprint,
      variant: name.key,
      abilities: name.abilities,
      listedAt: seenAt,
    };
    const isFirst = yield* putVariant(variant, mostVariants);
    const rows = (yield* pinsOfServer(server.id)).filter((pin) => pin.fingerprint === fingerprint);
    const findings = variantFindings(rows, name.key, ownTools(offer, plain), isFirst);
    return stepsFor(server, name.key, findings, seenAt);
  }

  function stepsFor(server: ServerRef, variant: string, findings: Findings, seenAt: number): Plan {
    const fingerprint = executionOf(server.fields);
    const place = (tool: string) => ({ serverId: server.id, fingerprint, variant, tool });
    const hidden: string[] = [];
    const defined = (item: Item): Definition => {
      const definition = definitionOf(item);
      if (definition.hidden.length > 0) hidden.push(item.key);
      return definition;
    };
    const change = (tool: string, definition: Definition) => () =>
      pinChange(place(tool), definition, { id: newId(), seenAt });
    const approved = (tool: string, definition: Definition) => () => pinApproved(place(tool), definition);
    const steps = [
      ...findings.baseline.map((item) => approved(item.key, defined(item))),
      ...findings.changed.map(({ item }) => change(item.key, defined(item))),
      ...findings.removed.map((tool) => change(tool, nothing)),
      ...findings.settled.map((tool) => () => dropChange(place(tool))),
      ...findings.forgotten.map((tool) => () => deletePin(place(tool))),
    ];
    return { steps, told: steps.length > 0 ? toldOf(findings, hidden) : undefined };
  }

  /** After a commit: what is written counts from now on. */
  async function reload(serverId: string): Promise<void> {
    const rows = await db.read(() => pinsOfServer(serverId));
    // Reading ten thousand is a turn's work by itself; taking them in is done in one, so that nobody sees half of them.
    await turn();
    known.delete(serverId);
    for (const pin of rows) remember(pin);
  }

  return {
    plan,
    planVariant,
    reload,
    /** What is thought of a tool as it was last listed; undefined when that list is of something else than the server executes now. */
    reviewOf(server: ServerRef, offer: Offer | undefined, tool: string, variant = forAll): Review | undefined {
      const found = pinOf(server, tool, variant);
      const item = offer === undefined ? undefined : toolsIn(offer).get(tool);
      return found === undefined || item === undefined ? undefined : reviewOf(found.pin, hashOf(item));
    },
    /** The variant among whose pins the tool's is, and whether nothing of the tool was ever approved. */
    standingOf(server: ServerRef, tool: string, variant = forAll): { home: string; isNew: boolean } {
      const pin = pinOf(server, tool, variant)?.pin;
      return { home: pin?.variant ?? variant, isNew: (pin?.approvedHash ?? null) === null };
    },
    /** True when what was approved of the tool says so and what it says now does; of a server that executes something else since, nothing is known yet. */
    isReadOnly: (server: ServerRef, tool: string, text: string, variant = forAll): boolean =>
      pinOf(server, tool, variant)?.pin?.readOnly === true && saysReadOnly(text),
    /** How many tools of a server wait for somebody to look at them. */
    waiting: (serverId: string): number =>
      [...(known.get(serverId)?.variants.values() ?? [])]
        .flatMap((pins) => [...pins.values()])
        .filter(
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

const nothingToTell: Told = { new: [], changed: [], removed: [], hidden: [] };
