import type { Binding } from "../resources/rbac.ts";
import type { Attempt, Grant } from "./evaluate.ts";

/**
 * The grants of one definition, by the words that an attempt must share with them, so that a decision costs the same among ten bindings and
 * among a thousand. It only leaves out what cannot cover; deciding stays in evaluate.ts.
 */
export type GrantIndex = { all: readonly Grant[]; byWords: ReadonlyMap<string, readonly Grant[]> };

export function indexGrants(bindings: readonly Binding[], from: string): GrantIndex {
  const all = bindings.map((binding) => ({ binding, from }));
  const byWords = new Map<string, Grant[]>();
  for (const grant of all) {
    const words = wordsOf(grant.binding);
    const same = byWords.get(words);
    if (same === undefined) byWords.set(words, [grant]);
    else same.push(grant);
  }
  return { all, byWords };
}

/** Every grant that may cover the attempt, and few that do not. */
export function* candidates({ byWords }: GrantIndex, attempt: Attempt): Generator<Grant> {
  for (const words of wordsToAsk(attempt)) yield* byWords.get(words) ?? [];
}

/** Patterns of tools lie together: which of them reaches a tool no word tells. */
function wordsOf({ action, resource = "*", name }: Binding): string {
  if (action !== undefined) return `action ${action}`;
  return `${resource} ${resource === "tools" ? "" : (name ?? "")}`;
}

function wordsToAsk(attempt: Attempt): string[] {
  if ("action" in attempt) return [`action ${attempt.action}`, "action *"];
  if ("call" in attempt) {
    const project = attempt.project === undefined ? [] : [`projects ${attempt.project}`, `* ${attempt.project}`];
    return ["projects ", "* ", ...project, "tools "];
  }
  const { resource, name } = attempt;
  const named = name === undefined ? [] : [`${resource} ${name}`, `* ${name}`];
  return [`${resource} `, "* ", ...named];
}
