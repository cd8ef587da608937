import type { Database, Op } from "../../storage/op.ts";
import { deleteOtherPins, insertPin, listPins, type Pin } from "../../storage/pins.ts";
import { executionOf } from "../execution.ts";
import { membersOf, memberText } from "../spans.ts";
import type { ServerRef } from "../upstream/connections.ts";
import type { Offer } from "./offer.ts";

type Pinned = { fingerprint: string; readOnly: Map<string, boolean> };

/**
 * Which tools change nothing, as they said when first listed. Annotations are a server's own word: one that could take it back and forth would
 * talk itself into read-only tokens, so the first word counts for as long as the server executes the same.
 */
export async function createPins(db: Database) {
  const pinned = new Map<string, Pinned>();
  for (const { serverId, fingerprint, tool, readOnly } of await db.read(listPins))
    pinsOf(serverId, fingerprint).readOnly.set(tool, readOnly);

  function pinsOf(serverId: string, fingerprint: string): Pinned {
    const known = pinned.get(serverId);
    if (known?.fingerprint === fingerprint) return known;
    const fresh = { fingerprint, readOnly: new Map<string, boolean>() };
    pinned.set(serverId, fresh);
    return fresh;
  }

  return {
    /** What is new in this offer. */
    fresh(server: ServerRef, offer: Offer): Pin[] {
      const fingerprint = executionOf(server.fields);
      const { readOnly } = pinsOf(server.id, fingerprint);
      return offer.tools
        .filter(({ key }) => !readOnly.has(key))
        .map(({ key, text }) => ({ serverId: server.id, fingerprint, tool: key, readOnly: saysReadOnly(text) }));
    },
    *store(pins: readonly Pin[]): Op<void> {
      for (const pin of pins) yield* insertPin(pin);
      if (pins[0] !== undefined) yield* deleteOtherPins(pins[0].serverId, pins[0].fingerprint);
    },
    /** Once they are stored. */
    remember(pins: readonly Pin[]): void {
      for (const { serverId, fingerprint, tool, readOnly } of pins)
        pinsOf(serverId, fingerprint).readOnly.set(tool, readOnly);
    },
    /** True when the tool said so at first and says so now; of a server that executes something else since, nothing is known yet. */
    isReadOnly({ id, fields }: ServerRef, tool: string, text: string): boolean {
      const known = pinned.get(id);
      return known?.readOnly.get(tool) === true && saysReadOnly(text) && known.fingerprint === executionOf(fields);
    },
    forget: (serverId: string) => void pinned.delete(serverId),
  };
}

function saysReadOnly(text: string): boolean {
  const annotations = memberText(text, membersOf(text), "annotations");
  if (annotations?.startsWith("{") !== true) return false;
  return memberText(annotations, membersOf(annotations), "readOnlyHint") === "true";
}
