import { shareOfTurn } from "../../lib/share.ts";
import type { Curation } from "../../resources/project.ts";
import { membersOf, memberText, withMembers } from "../spans.ts";
import type { ServerRef } from "../upstream/connections.ts";
import type { Entry } from "./catalog.ts";
import { type Preset, presetOf, withoutPreset } from "./curation.ts";
import type { Names } from "./given-names.ts";
import { canonicalName, qualifiedTemplate, qualifiedUri } from "./names.ts";
import type { Item, ListName } from "./offer.ts";
import { inlined } from "./schemas.ts";

/** Where a name or URI that a client uses leads: the server, what that server calls it, and which variant of its lists it stands in. */
export type Target = { server: ServerRef; key: string; variant?: string };
/** A tool or prompt with its description as the server wrote it, and the arguments that the project adds to every call of it. */
export type NamedTarget = Target & { text: string; preset?: Preset };

/** One entry of a list: what clients call it, its text as the server wrote it, its text as clients see it, and what it leads to. */
export type Listed = Target & { name: string; text: string; shown: string };

/** A project as its clients see it: its lists, and the way back from each exposed name. */
export type View = {
  items: Record<ListName, readonly Listed[]>;
  tools: ReadonlyMap<string, NamedTarget>;
  prompts: ReadonlyMap<string, NamedTarget>;
  resources: ReadonlyMap<string, Target>;
  /** Longest literal beginning first, so that the most particular template wins. */
  templates: readonly { beginning: string; server: ServerRef; key: string }[];
  /** The server that spoke of a URI in a result, for those that nobody lists. */
  speakerOf: (uri: string) => ServerRef | undefined;
  /** Servers with resources: where a URI that nobody listed may still lead, if there is only one. */
  resourceServers: readonly ServerRef[];
  missing: readonly { server: string; reason: string }[];
};

export type ViewOptions = {
  /** The names that a project gave; `own` leaves names and URIs as the one server that is shown wrote them. */
  naming: "own" | Record<"tools" | "prompts", Names>;
  schemas: "asis" | "inline";
  /** What the project changes about a server's tools; which of them are offered at all was decided before. */
  curation: (server: string) => Curation;
  /** The id of the server that spoke of a URI. */
  speakerOf: (uri: string) => string | undefined;
};

type Offered = Entry & { offer: NonNullable<Entry["offer"]> };

/** The same servers, offers and options give the same view, in the project's order. Ten thousand tools are not named in one turn of the event loop. */
export async function buildView(entries: readonly Entry[], options: ViewOptions): Promise<View> {
  const spent = shareOfTurn();
  const offers = entries.filter((entry): entry is Offered => entry.offer !== undefined);
  const tools = await namedItems("tools", offers, options, spent);
  const prompts = await namedItems("prompts", offers, options, spent);
  const resources = resourcesOf(
    offers.map(({ server, offer }) => ({ server, items: offer.resources.filter(isReadable) })),
  );
  const templates = templatesOf(
    offers.map(({ server, offer }) => ({ server, items: offer.resourceTemplates.filter(isReadable) })),
  );
  return {
    items: { tools: tools.items, prompts: prompts.items, resources: resources.items, resourceTemplates: templates },
    tools: tools.targets,
    prompts: prompts.targets,
    resources: resources.targets,
    templates: templates
      .map(({ server, key }) => ({ server, key, beginning: key.split("{")[0] ?? key }))
      .sort((a, b) => b.beginning.length - a.beginning.length),
    speakerOf(uri) {
      const speaker = options.speakerOf(uri);
      return speaker === undefined ? undefined : offers.find(({ server }) => server.id === speaker)?.server;
    },
    resourceServers: offers
      .filter(({ offer }) => offer.resources.length + offer.resourceTemplates.length > 0)
      .map(({ server }) => server),
    missing: [
      ...entries.flatMap(({ server, missing }) =>
        missing === undefined ? [] : [{ server: server.name, reason: missing }],
      ),
      ...tools.unnamed,
      ...prompts.unnamed,
    ],
  };
}

/** Names lead to their tools; so do names that they were given earlier, for clients that read a list once and keep it, and canonical names. */
async function namedItems(
  list: "tools" | "prompts",
  offers: readonly Offered[],
  options: ViewOptions,
  spent: ReturnType<typeof shareOfTurn>,
) {
  const { naming } = options;
  const targets = new Map<string, NamedTarget>();
  const byOwner = new Map<string, NamedTarget>();
  const listed: Listed[] = [];
  const unnamed: { server: string; reason: string }[] = [];
  for (const { server, offer, variant } of offers) {
    const place = variant === undefined ? { server } : { server, variant };
    const items = offer[list].filter(isReadable);
    let left = 0;
    for (const { key, text, readable: words = text } of items) {
      const turn = spent();
      if (turn !== undefined) await turn;
      const name = naming === "own" ? key : naming[list].shownOf({ serverId: server.id, own: key });
      if (name === undefined) left++;
      if (name === undefined || targets.has(name)) continue;
      const curation = options.curation(server.name);
      const preset = list === "tools" ? presetOf(curation, key) : undefined;
      const target = { ...place, key, text, ...(preset === undefined ? {} : { preset }) };
      targets.set(name, target);
      byOwner.set(canonicalName(server.id, key), target);
      const said = { ...target, text: words };
      const shown = list === "tools" ? shownTool(said, name, curation, options.schemas) : withName(said, name);
      listed.push({ ...place, name, key, text, shown });
    }
    const leftOut = (count: number, why: string) => {
      const what = count === 1 ? list.slice(0, -1) : list;
      if (count > 0) unnamed.push({ server: server.name, reason: `server "${server.name}": ${count} ${what} ${why}` });
    };
    leftOut(left, "without a name");
    leftOut(offer[list].length - items.length, unreadable);
  }
  const given = naming === "own" ? [] : naming[list].given;
  for (const [name, { serverId, own }] of given) {
    const target = byOwner.get(canonicalName(serverId, own));
    if (target !== undefined && !targets.has(name)) targets.set(name, target);
  }
  for (const target of byOwner.values()) {
    const canonical = canonicalName(target.server.name, target.key);
    if (!targets.has(canonical)) targets.set(canonical, target);
  }
  return { targets, items: listed, unnamed };
}

/** Why a server's tool or prompt is shown to nobody. */
export const unreadable = "whose `inputSchema` is not for an object, or whose description is over 256 KiB";

type Readable = Item & { readable?: string };
export const isReadable = (item: Item): item is Readable => item.readable !== null;

const withName = ({ key, text }: NamedTarget, name: string): string =>
  name === key ? text : withMembers(text, { name: JSON.stringify(name) });

/** A tool as clients see it. What neither the project nor the kind of schemas changes stays byte for byte. */
function shownTool(target: NamedTarget, name: string, curation: Curation, schemas: ViewOptions["schemas"]): string {
  const { key, text, preset } = target;
  const description = Object.hasOwn(curation.describe ?? {}, key) ? curation.describe?.[key] : undefined;
  if (schemas === "asis" && description === undefined && preset === undefined) return withName(target, name);
  const members = membersOf(text);
  const own = memberText(text, members, "inputSchema");
  const written = description ?? stringIn(memberText(text, members, "description"));
  const { schema, note } = schemas === "inline" ? inlined(own) : { schema: own };
  const described = schemas === "inline" ? [written || name, note].filter(Boolean).join("\n\n") : description;
  return withMembers(text, {
    name: JSON.stringify(name),
    ...(described === undefined ? {} : { description: JSON.stringify(described) }),
    ...(schema === undefined ? {} : { inputSchema: preset === undefined ? schema : withoutPreset(schema, preset) }),
  });
}

const stringIn = (json: string | undefined): string | undefined =>
  json?.startsWith('"') === true ? (JSON.parse(json) as string) : undefined;

type Offers = readonly { server: ServerRef; items: readonly Readable[] }[];

/** URIs stay as they are, since results and clients repeat them; only one that two servers offer is told apart by a prefix. */
function resourcesOf(offers: Offers) {
  const shared = sharedIn(offers);
  const targets = new Map<string, Target>();
  const listed: Listed[] = [];
  for (const { server, items } of offers) {
    for (const { key, text, readable: words = text } of items) {
      const uri = shared.has(key) ? qualifiedUri(server.name, key) : key;
      if (targets.has(uri)) continue;
      targets.set(uri, { server, key });
      const shown = uri === key ? words : withMembers(words, { uri: JSON.stringify(uri) });
      listed.push({ server, name: uri, key, text, shown });
    }
  }
  return { targets, items: listed };
}

function templatesOf(offers: Offers): Listed[] {
  const shared = sharedIn(offers);
  return offers.flatMap(({ server, items }) =>
    items.map(({ key, text, readable: words = text }) => {
      const name = shared.has(key) ? qualifiedTemplate(server.name, key) : key;
      const shown = shared.has(key) ? withMembers(words, { uriTemplate: JSON.stringify(name) }) : words;
      return { server, name, key, text, shown };
    }),
  );
}

/** What more than one server offers. */
function sharedIn(offers: Offers): ReadonlySet<string> {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const { items } of offers)
    for (const key of new Set(items.map((item) => item.key))) (seen.has(key) ? shared : seen).add(key);
  return shared;
}
