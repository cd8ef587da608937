import type { GrantIndex } from "./grant-index.ts";
import type { Rights } from "./rights.ts";

const words = new WeakMap<GrantIndex, string>();

/**
 * All that `decideCall` and `reachesServer` ask of somebody's rights, as text: of two callers with the same one, each may use what the other may.
 * So what one of them is shown need not be found out again for the other.
 */
export const policyOf = ({ layers, filters, project }: Rights): string =>
  JSON.stringify([
    project?.name,
    layers.map(({ held }) => held.map(({ grants }) => wordsOf(grants))),
    filters.map(({ tools }) => tools),
  ]);

function wordsOf(grants: GrantIndex): string {
  const known = words.get(grants);
  if (known !== undefined) return known;
  const made = JSON.stringify(grants.all.map(({ binding }) => binding).filter(({ role }) => role === "run"));
  words.set(grants, made);
  return made;
}
