import { Problem } from "../../lib/problem.ts";
import { errorOutcome, type Outcome, resultOutcome } from "../answers.ts";
import type { View } from "../catalog/view.ts";
import { besideServers, type LeftOut, type Served } from "../prompts/served.ts";
import { trailOf } from "../prompts/trail.ts";
import { codes } from "../protocol.ts";
import type { Visit } from "../visit.ts";
import type { Inbound } from "./inbound.ts";

/** What the project itself has, beside what its servers offer: its prompts. */
export type Own = {
  listed: (
    list: "prompts" | "resources",
    view: View,
  ) => {
    items: readonly { name: string; shown: string }[];
    leftOut: readonly LeftOut[];
    /** What a server lists under a URI of the project's own. */
    hides: (name: string) => boolean;
  };
  /** Undefined when there is none of this name; what a server has of that name is the server's. */
  prompt: (name: string, view: View) => (() => Promise<Outcome>) | undefined;
  /** Its own URIs are never a server's: that may be this very gateway, and would be asked for ever. */
  resource: (uri: string) => (() => Promise<Outcome>) | undefined;
};

/** Undefined for one server's own endpoint, which is that server and nothing else. */
export function ownOf(
  served: Served | undefined,
  { admission: { project }, endpoint }: Visit,
  inbound: Inbound,
): Own | undefined {
  if (served === undefined || endpoint.server !== undefined) return undefined;
  const of = project.name;
  const trail = trailOf(inbound.params);
  return {
    listed(list, view) {
      const isPrompts = list === "prompts";
      const { listed, leftOut } = isPrompts
        ? besideServers(served.ownPrompts(of), view.prompts)
        : { listed: served.ownResources(of), leftOut: [] };
      const hides = (name: string) => !isPrompts && served.ownsUri(of, name);
      return { items: listed.map(({ name, text }) => ({ name, shown: text })), leftOut, hides };
    },
    prompt: (name, view) =>
      view.prompts.has(name) || !served.hasPrompt(of, name)
        ? undefined
        : () => answered(codes.invalidParams, () => served.getOwnPrompt(of, name, trail)),
    resource: (uri) =>
      !served.ownsUri(of, uri)
        ? undefined
        : () => answered(codes.resourceNotFound, () => served.readOwnResource(of, uri, trail), { uri }),
  };
}

async function answered(code: number, read: () => Promise<string>, data?: object): Promise<Outcome> {
  try {
    return { result: await read() };
  } catch (error) {
    if (error instanceof Problem) return errorOutcome(code, error.message, data);
    throw error;
  }
}

/** A prompt of the project's own takes no arguments. */
export const nothingToComplete = (): Outcome => resultOutcome({ completion: { values: [] } });
