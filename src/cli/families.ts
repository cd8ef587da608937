import { once } from "../lib/once.ts";
import type { Verb } from "./verb.ts";
import { verbs } from "./verbs.ts";

/** What verbs of several words have in common, by the words before their last. A family of one needs no row. */
const summaries: Record<string, string> = {
  token: "Tokens, each of which opens the endpoint of one project",
  auth: "What somebody may do, and why",
  audit: "What was done, and by whom",
  cache: "What pipelines made and may give again",
  proxymodel: "Try a proxy model, and see what one can be made of",
  config: "What this command line remembers, and where it lies",
  context: "The instances this command line knows, and which of them it talks to",
  backup: "Keep all of an instance in one file",
  "backup git": "Keep every change in a git repository",
  test: "Check an MCP endpoint",
};

/** `isDescribed`: its summary is one of its own, and not its only verb's. */
export type Family = {
  name: string;
  summary: string;
  isDescribed: boolean;
  members: readonly (readonly [string, Verb])[];
};

/** The verbs that begin with these words; undefined where there are none. */
export function familyOf(name: string): Family | undefined {
  const members = byFirstWords().get(name);
  const [first] = members ?? [];
  if (members === undefined || first === undefined) return undefined;
  return { name, summary: summaries[name] ?? first[1].summary, isDescribed: name in summaries, members };
}

const byFirstWords = once(() => {
  const families = new Map<string, [string, Verb][]>();
  for (const [name, verb] of Object.entries(verbs))
    for (let at = name.indexOf(" "); at >= 0; at = name.indexOf(" ", at + 1)) {
      const first = name.slice(0, at);
      families.set(first, [...(families.get(first) ?? []), [name, verb]]);
    }
  return families;
});

/** The last words of a family's verbs, as one types them after its name. */
export const lastWords = ({ name, members }: Family): string[] => members.map(([verb]) => verb.slice(name.length + 1));
