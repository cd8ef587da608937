import type { Ground } from "./ground.ts";
import type { Era, Speaker } from "./speaker.ts";

/** Why a row has nothing to say about this server. */
export class NotHere {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

export type Outcome = { outcome: "ok" | "failed" | "skipped"; detail: string };

/** What a row does once its two halves are one: what is asked does, what judges decides and touches nothing. */
export type Tried = (ground: Ground, speaker: Speaker) => Promise<Outcome>;

/** @param judge answers what is wrong, with what was seen of it; undefined when nothing is */
export const tried =
  <T>(
    ask: (speaker: Speaker, ground: Ground) => Promise<T | NotHere>,
    judge: (answer: T) => string | NotHere | undefined,
  ): Tried =>
  async (ground, speaker) => {
    const answer = await ask(speaker, ground);
    const said = answer instanceof NotHere ? answer : judge(answer);
    if (said instanceof NotHere) return { outcome: "skipped", detail: said.why };
    return said === undefined ? { outcome: "ok", detail: "" } : { outcome: "failed", detail: said };
  };

/** One requirement of the specification, as it is tried on a server. */
export type Requirement = {
  id: `MCP-CON-${string}`;
  level: "MUST" | "SHOULD";
  /** Revision, page and section of the specification. */
  source: string;
  text: string;
  /** What goes to the server, in words. */
  sends: string;
  eras: readonly Era[];
  over: "any" | "http";
  tried: Tried;
};
