import type { Channel } from "../../instances/channel.ts";
import type { ServerFields } from "../../resources/server.ts";
import type { Era } from "../protocol.ts";
import { dialogue } from "./dialogue.ts";
import { Refused, TimedOut } from "./failures.ts";
import type { HttpTarget } from "./http-client.ts";
import { openLegacy } from "./legacy.ts";
import { discover, modern } from "./modern.ts";
import { httpFailure } from "./remedies.ts";
import type { Opening, Upstream } from "./upstream.ts";
import type { Wire } from "./wire.ts";
import { legacyHttpWire } from "./wire-http-legacy.ts";
import { modernHttpWire } from "./wire-http-modern.ts";
import { openSseWire } from "./wire-sse.ts";
import { stdioWire } from "./wire-stdio.ts";

export type Protocol = NonNullable<ServerFields["protocol"]>;
export const protocolOf = (fields: ServerFields): Protocol => fields.protocol ?? "auto";

/** Tries to speak in one era. Undefined when the server does not; `isLast` when no other way is left. @throws Problem when it cannot be known */
type Attempt = (isLast: boolean) => Promise<Upstream | undefined>;

/** How long a process may take to say that it speaks the modern era, before it is taken for one that does not (reference/protocol.md §2.2). */
const silenceMs = 5_000;

/** The eras to try, in order: the forced one alone, else what the server spoke last, else the modern one first. */
export const erasToTry = (protocol: Protocol, known: Era | undefined): readonly Era[] =>
  protocol !== "auto" ? [protocol] : known === "legacy" ? ["legacy", "modern"] : ["modern", "legacy"];

/** @throws Refused when the server takes none of them, Problem `unavailable` when that cannot be known */
async function open(eras: readonly Era[], attempts: Record<Era, Attempt>): Promise<Upstream> {
  const refusals: Refused[] = [];
  for (const era of eras) {
    try {
      const upstream = await attempts[era](era === eras.at(-1));
      if (upstream !== undefined) return upstream;
      refusals.push(new Refused("the server does not speak 2026-07-28"));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refusals.push(error);
    }
  }
  const why = new Set(refusals.map(({ message }) => message));
  throw new Refused([...why].join("; "), refusals.at(-1)?.httpStatus);
}

/** Opens a conversation with a server reached by url. @throws Problem `unavailable` */
export async function openAt(
  target: HttpTarget,
  fields: ServerFields,
  known: Era | undefined,
  opening: Opening,
): Promise<Upstream> {
  try {
    if (fields.transport === "sse") return await openSse(target, opening);
    return await openHttp(target, protocolOf(fields), known, opening);
  } catch (error) {
    opening.meter?.add("openings_failed");
    throw error;
  }
}

/**
 * Opens a conversation over Streamable HTTP. A server that is out of order or asks for credentials decides nothing, and one that is silent is one
 * that is down: only an answer tells of an era.
 * @throws Problem `unavailable`
 */
export async function openHttp(
  target: HttpTarget,
  protocol: Protocol,
  known: Era | undefined,
  opening: Opening,
): Promise<Upstream> {
  const attempts: Record<Era, Attempt> = {
    modern: async () => {
      const talk = dialogue(modernHttpWire(target, opening.limits), opening.limits, opening.meter);
      const introduction = await discover(talk);
      return introduction === undefined ? undefined : modern(talk, introduction, opening);
    },
    legacy: () => openLegacyOver(legacyHttpWire(target, opening.limits), opening),
  };
  return await open(erasToTry(protocol, known), attempts).catch(async (error: unknown) => {
    throw await httpFailure(error, target, protocol, opening.limits);
  });
}

/** @throws Problem `unavailable` */
export async function openSse(target: HttpTarget, opening: Opening): Promise<Upstream> {
  return await openLegacyOver(await openSseWire(target, opening.limits), opening);
}

async function openLegacyOver(wire: Wire, opening: Opening): Promise<Upstream> {
  const talk = dialogue(wire, opening.limits, opening.meter);
  try {
    return await openLegacy(talk, wire, opening);
  } catch (error) {
    talk.close();
    throw error;
  }
}

/**
 * Opens the conversation with a server process. The one process is asked in both eras, since a second one might not be harmless; its silence counts
 * as a no, and when it then refuses initialize too, it may only have been slow and is asked again.
 * @throws Problem `unavailable` when it does not answer in time or exits meanwhile
 */
export async function openProcess(
  channel: Channel & { end?: () => void },
  protocol: Protocol,
  known: Era | undefined,
  opening: Opening,
): Promise<Upstream> {
  const wire: Wire = stdioWire(channel, channel.end);
  const talk = dialogue(wire, opening.limits, opening.meter);
  const eras = erasToTry(protocol, known);
  const modernly = async (isLast: boolean) => {
    const introduction = await discover(talk, isLast ? undefined : silenceMs).catch((error: unknown) => {
      if (error instanceof TimedOut && !isLast) return "silent" as const;
      throw error;
    });
    if (introduction !== "silent") return introduction === undefined ? undefined : modern(talk, introduction, opening);
    wasSilent = true;
    return undefined;
  };
  const legacyly = () => openLegacy(talk, wire, opening);
  let wasSilent = false;
  try {
    return await open(eras, { modern: modernly, legacy: legacyly }).catch(async (error: unknown) => {
      if (!wasSilent || error instanceof TimedOut) throw error;
      return await open(["modern"], { modern: modernly, legacy: legacyly });
    });
  } catch (error) {
    opening.meter?.add("openings_failed");
    talk.close();
    throw error;
  }
}
