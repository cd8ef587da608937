import { unqualifiedUri } from "./names.ts";
import type { Target, View } from "./view.ts";

/**
 * Where a URI leads: what is listed, then what was qualified, then the nearest template, then the server that spoke of it, then the only one that has
 * resources at all.
 */
export function resourceTarget(view: View, uri: string): Target | undefined {
  const listed = view.resources.get(uri);
  if (listed !== undefined) return listed;
  const qualified = unqualifiedUri(uri);
  const owner =
    qualified === undefined ? undefined : view.resourceServers.find(({ name }) => name === qualified.server);
  if (qualified !== undefined && owner !== undefined) return { server: owner, key: qualified.uri };
  const speaker = view.speakerOf(uri);
  const fitting = view.templates.filter(({ beginning }) => beginning !== "" && uri.startsWith(beginning));
  const nearest = fitting.filter(({ beginning }) => beginning.length === fitting[0]?.beginning.length);
  const template = nearest.find(({ server }) => server.id === speaker?.id) ?? nearest[0];
  const server =
    template?.server ?? speaker ?? (view.resourceServers.length === 1 ? view.resourceServers[0] : undefined);
  return server === undefined ? undefined : { server, key: uri };
}

/** The same of a template, which is what a completion speaks of. */
export const templateTarget = (view: View, uri: string): Target | undefined =>
  view.templates.find(({ key }) => key === uri) ?? resourceTarget(view, uri);
