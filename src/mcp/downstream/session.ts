import type { Clock } from "../../lib/clock.ts";
import { randomBytes } from "../../lib/crypto.ts";
import { remember } from "../../lib/remember.ts";
import type { Abilities } from "../peer.ts";
import { legacyVersions, newestLegacy } from "../protocol.ts";
import type { Seal } from "../seal.ts";

/** What a legacy client said when it initialized, which each of its later requests is understood by. */
export type SessionFacts = {
  id: string;
  version: string;
  abilities: Abilities;
  clientInfo: { name: string; version: string } | undefined;
};

/** An id that was found good, and for whom. */
type Opened = { bound: readonly string[]; mintedAt: number; facts: SessionFacts };

type Sealed = { v: string; a: Abilities; c?: [name: string, version: string]; n: string; t: number };

const prefix = "mcps_";
/** So many that were opened are remembered: each of a client's requests brings the same. */
const mostOpened = 10_000;
/** After this long a session is unknown, and its client initializes anew. */
const longestMs = 90 * 24 * 3_600_000;
/** What of a client's own words goes into the id, which it sends as a header with every request. */
const longestName = 64;
const longestAbilities = 1_024;

/**
 * Legacy sessions are their own id: what `initialize` said, sealed to who said it and to the endpoint. So neither a restart nor an idle week
 * loses one (several clients never recover, reference/clients.md §6.2), opening one costs no memory, and somebody else's is unknown.
 */
export type Sessions = ReturnType<typeof createSessions>;

export function createSessions(seal: Seal, clock: Clock) {
  const opened = new Map<string, Opened>();

  function openedAnew(text: string, bound: readonly string[]): Opened | undefined {
    if (!text.startsWith(prefix)) return undefined;
    const sealed = seal.open(text.slice(prefix.length), ["session", ...bound]) as Sealed | undefined;
    if (sealed === undefined) return undefined;
    const { v, a, c, n } = sealed;
    const facts = { id: n, version: v, abilities: a, clientInfo: c && { name: c[0], version: c[1] } };
    return remember(opened, text, { bound, mintedAt: sealed.t, facts }, mostOpened);
  }

  return {
    /** The id of a new session; `bound` says whose it is and for which endpoint. */
    mint(params: Record<string, unknown>, bound: readonly string[]): string {
      const { id, version, abilities, clientInfo } = factsOf(params, randomBytes(12).toString("base64url"));
      const sealed: Sealed = {
        v: version,
        a: abilities,
        ...(clientInfo === undefined ? {} : { c: [clientInfo.name, clientInfo.version] as const }),
        n: id,
        t: clock.now(),
      };
      return prefix + seal.seal(sealed, ["session", ...bound]);
    },
    open(text: string, bound: readonly string[]): SessionFacts | undefined {
      const known = opened.get(text);
      const isKnown = known !== undefined && (known.bound === bound || isSame(known.bound, bound));
      const found = isKnown ? known : openedAnew(text, bound);
      return found === undefined || clock.now() - found.mintedAt > longestMs ? undefined : found.facts;
    },
  };
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((word, n) => word === other[n]);

/** The version that was asked for when we know it, else the newest; and what the client can be asked for. */
export function factsOf(params: Record<string, unknown>, id: string): SessionFacts {
  const asked = params["protocolVersion"];
  const clientInfo = params["clientInfo"] as { name?: unknown; version?: unknown } | undefined;
  return {
    id,
    version: legacyVersions.find((known) => known === asked) ?? newestLegacy,
    abilities: abilitiesOf(params["capabilities"]),
    clientInfo:
      typeof clientInfo?.name === "string"
        ? {
            name: clientInfo.name.slice(0, longestName),
            version: String(clientInfo.version ?? "").slice(0, longestName),
          }
        : undefined,
  };
}

const abilities = ["elicitation", "sampling", "roots", "extensions"] as const;
export const noAbilities: Abilities = Object.freeze({});

/** Of what a client declares, that by which a server may ask it for something, and the extensions it knows. */
export function abilitiesOf(capabilities: unknown): Abilities {
  if (typeof capabilities !== "object" || capabilities === null) return noAbilities;
  let found = noAbilities;
  for (const name of abilities) {
    const value = (capabilities as Record<string, unknown>)[name];
    if (typeof value === "object" && value !== null && JSON.stringify(value).length <= longestAbilities)
      found = { ...found, [name]: value };
  }
  return found;
}
