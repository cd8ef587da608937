import type { Route } from "./route.ts";

/** What there is at a path for a method. */
export type RouteAt = (method: string, path: string) => Match;
type Match = { route: Route; params: Record<string, string> } | { allow: readonly string[] } | undefined;

/**
 * Finds the route of a path, or the methods that the path has when this one is not among them. A word that is fixed wins over one that takes
 * any name. Our own table rather than one registration a route: forty of those cost more than all the rest of starting up.
 */
export function routeTable(routes: readonly Route[]): RouteAt {
  const bySize = new Map<number, { words: string[]; route: Route }[]>();
  for (const route of routes) {
    const words = route.path.slice(1).split("/");
    const same = bySize.get(words.length) ?? [];
    same.push({ words, route });
    bySize.set(words.length, same);
  }
  for (const same of bySize.values()) same.sort((a, b) => names(a.words) - names(b.words));

  return (method, path) => {
    const given = path.slice(1).split("/");
    const hits = (bySize.get(given.length) ?? []).filter(({ words }) =>
      words.every((word, i) => word.startsWith(":") || word === given[i]),
    );
    const hit = hits.find(({ route }) => route.method === method);
    if (hit === undefined)
      return hits.length === 0 ? undefined : { allow: [...new Set(hits.map(({ route }) => route.method))] };
    const params = hit.words.flatMap((word, i) =>
      word.startsWith(":") ? [[word.slice(1), decoded(given[i] ?? "")]] : [],
    );
    return { route: hit.route, params: Object.fromEntries(params) as Record<string, string> };
  };
}

const names = (words: readonly string[]) => words.filter((word) => word.startsWith(":")).length;

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}
