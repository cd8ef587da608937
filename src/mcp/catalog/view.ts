import { withMembers } from "../spans.ts";
import type { ServerRef } from "../upstream/connections.ts";
import type { Entry } from "./catalog.ts";
import { canonicalName, exposedName, qualifiedUri } from "./names.ts";
import type { Item, ListName } from "./offer.ts";

/** Where a name or URI that a client uses leads: the server, and what that server calls it. */
export type Target = { server: ServerRef; key: string };
/** A tool or prompt with its description as the server wrote it. */
export type NamedTarget = Target & { text: string };

/** One entry of a list: its text as clients see it, and what it leads to. */
export type Listed = Target & { text: string };

/** A project as its clients see it: its lists, ready as JSON text too, and the way back from each exposed name. */
export type View = {
  lists: Record<ListName, string>;
  items: Record<ListName, readonly Listed[]>;
  tools: ReadonlyMap<string, NamedTarget>;
  prompts: ReadonlyMap<string, NamedTarget>;
  resources: ReadonlyMap<string, Target>;
  /** Longest literal beginning first, so that the most particular template wins. */
  templates: readonly { beginning: string; server: ServerRef; key: string }[];
  /** Servers with resources: where a URI that nobody listed may still lead, if there is only one. */
  resourceServers: readonly ServerRef[];
  missing: readonly { server: string; reason: string }[];
};

/** Pure: the same servers and offers give the same view, in the project's order. */
export function buildView(entries: readonly Entry[]): View {
  const offers = entries.flatMap(({ server, offer }) => (offer === undefined ? [] : [{ server, offer }]));
  const named = (list: "tools" | "prompts") => {
    const targets = new Map<string, NamedTarget>();
    const items: Listed[] = [];
    for (const { server, offer } of offers) {
      for (const { key, text } of offer[list]) {
        const exposed = exposedName(server.name, key);
        if (targets.has(exposed)) continue;
        const target = { server, key, text };
        targets.set(exposed, target).set(canonicalName(server.name, key), target);
        items.push({ server, key, text: withMembers(text, { name: JSON.stringify(exposed) }) });
      }
    }
    return { targets, items };
  };
  const tools = named("tools");
  const prompts = named("prompts");
  const resources = resourcesOf(offers.map(({ server, offer }) => ({ server, items: offer.resources })));
  const templates = offers.flatMap(({ server, offer }) =>
    offer.resourceTemplates.map(({ key, text }) => ({ server, key, text })),
  );
  return {
    lists: {
      tools: listText(tools.items),
      prompts: listText(prompts.items),
      resources: listText(resources.items),
      resourceTemplates: listText(templates),
    },
    items: { tools: tools.items, prompts: prompts.items, resources: resources.items, resourceTemplates: templates },
    tools: tools.targets,
    prompts: prompts.targets,
    resources: resources.targets,
    templates: templates
      .map(({ server, key }) => ({ server, key, beginning: key.split("{")[0] ?? key }))
      .sort((a, b) => b.beginning.length - a.beginning.length),
    resourceServers: offers
      .filter(({ offer }) => offer.resources.length + offer.resourceTemplates.length > 0)
      .map(({ server }) => server),
    missing: entries.flatMap(({ server, missing }) =>
      missing === undefined ? [] : [{ server: server.name, reason: missing }],
    ),
  };
}

/** URIs stay as they are, since results and clients repeat them; only one that two servers offer is told apart by a prefix. */
function resourcesOf(offers: readonly { server: ServerRef; items: readonly Item[] }[]) {
  const owners = new Map<string, number>();
  for (const { items } of offers)
    for (const uri of new Set(items.map((item) => item.key))) owners.set(uri, (owners.get(uri) ?? 0) + 1);
  const targets = new Map<string, Target>();
  const listed: Listed[] = [];
  for (const { server, items } of offers) {
    for (const { key, text } of items) {
      const shared = (owners.get(key) ?? 0) > 1;
      const uri = shared ? qualifiedUri(server.name, key) : key;
      if (targets.has(uri)) continue;
      targets.set(uri, { server, key });
      listed.push({ server, key, text: shared ? withMembers(text, { uri: JSON.stringify(uri) }) : text });
    }
  }
  return { targets, items: listed };
}

export const listText = (items: readonly Listed[]) => `[${items.map(({ text }) => text).join(",")}]`;
