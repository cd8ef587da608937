import type { FindingId } from "../findings.ts";
import type { Ground } from "../ground.ts";
import { NotHere, type Tried } from "../row.ts";
import type { Speaker } from "../speaker.ts";

/** One attack, as it is tried: what it finds stands in findings.ts. */
export type Probe = {
  id: FindingId;
  /** What goes to the server, in words: it is shown before anything is sent. */
  sends: string;
  over: "any" | "http";
  tried: Tried;
};

/** The conversation that has a session, for probes of what only sessions can get wrong. */
export function inSession({ speakers }: Ground): (Speaker & { session: string }) | NotHere {
  const legacy = speakers.find(({ era }) => era === "legacy");
  if (legacy === undefined) return new NotHere("it does not speak the legacy era");
  const { session } = legacy;
  return session === undefined ? new NotHere("it has no sessions") : { ...legacy, session };
}

export const open = new NotHere("it serves anybody, so there is no credential to get round");
