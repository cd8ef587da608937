import { Ending } from "../../lib/ending.ts";
import { Problem } from "../../lib/problem.ts";
import { shareOfTurn } from "../../lib/share.ts";
import { elementsOf, hasTwins, membersOf, memberText } from "../spans.ts";
import type { Introduction, Upstream } from "../upstream/upstream.ts";
import { readable } from "./readable.ts";

/**
 * One thing a server offers: the name or URI by which it is asked for, and its whole description as the server wrote it. A tool's has the hash
 * of its definition beside it, made once and kept with the list. `readable` is there when the server's own words are not: what clients are given
 * in their place, null for nothing.
 */
export type Item = { key: string; text: string; hash?: string; readable?: string | null };

const lists = {
  tools: { method: "tools/list", capability: "tools", key: "name" },
  prompts: { method: "prompts/list", capability: "prompts", key: "name" },
  resources: { method: "resources/list", capability: "resources", key: "uri" },
  resourceTemplates: { method: "resources/templates/list", capability: "resources", key: "uriTemplate" },
} as const;
export type ListName = keyof typeof lists;
const listNames = Object.keys(lists) as ListName[];

/** All that a server said it offers, and of itself. */
export type Offer = Record<ListName, Item[]> & { introduction?: Introduction };

const mostPages = 100;
const mostItems = 10_000;
/** Of one list in all; each page may be as big as a message, and all of it is kept. */
const mostLength = 8 * 1024 * 1024;
/** Of one description, in characters: a tool of a megabyte fills a model's whole context, and takes all others' turns to be looked at. */
const longestItem = 256 * 1024;

/**
 * Asks a server for all its lists, page by page, within bounds. A list it does not implement is empty; tools it claims must answer. What stands
 * word for word in the lists `before` is not looked at again.
 */
export async function fetchOffer(upstream: Upstream, signal: AbortSignal, before?: Offer): Promise<Offer> {
  const entries = await Promise.all(
    listNames.map(async (name) => [name, await fetchList(upstream, name, signal, before?.[name] ?? [])] as const),
  );
  const { era, protocolVersion, serverInfo, capabilities, instructions } = upstream;
  const introduction = { era, protocolVersion, serverInfo, capabilities };
  return {
    ...(Object.fromEntries(entries) as Record<ListName, Item[]>),
    introduction: instructions === undefined ? introduction : { ...introduction, instructions },
  };
}

async function fetchList(
  upstream: Upstream,
  name: ListName,
  signal: AbortSignal,
  before: readonly Item[],
): Promise<Item[]> {
  const { method, capability } = lists[name];
  const known = new Map(before.map((item) => [item.text, item]));
  if (upstream.capabilities[capability] === undefined) return [];
  const [items, ending] = [[] as Item[], Ending.of(signal)];
  let cursor: string | undefined;
  let length = 0;
  for (let page = 0; page < mostPages && items.length < mostItems; page++) {
    const outcome = await upstream.request(method, cursor === undefined ? "{}" : `{"cursor":${cursor}}`, { ending });
    if ("error" in outcome) {
      if (name === "tools") throw new Problem("unavailable", `${method} was refused by the server`);
      return items;
    }
    length += outcome.result.length;
    if (length > mostLength) throw new Problem("unavailable", `${method} has an answer of over 8 MiB`);
    const members = membersOf(outcome.result);
    items.push(...(await itemsOf(memberText(outcome.result, members, name) ?? "[]", name, known)));
    const next = memberText(outcome.result, members, "nextCursor");
    if (next === undefined || next === "null" || next === cursor) break;
    cursor = next;
  }
  return items.slice(0, mostItems);
}

/** Items without a usable key are left out: nobody could ask for them. Ten thousand are not looked at in one turn of the event loop. */
async function itemsOf(array: string, list: ListName, known: ReadonlyMap<string, Item>): Promise<Item[]> {
  const items: Item[] = [];
  if (!array.startsWith("[")) return items;
  const spent = shareOfTurn();
  for (const { start, end } of elementsOf(array)) {
    const text = array.slice(start, end);
    const item = known.get(text) ?? itemIn(text, list);
    if (item !== undefined) items.push(item);
    const turn = spent();
    if (turn !== undefined) await turn;
  }
  return items;
}

function itemIn(written: string, list: ListName): Item | undefined {
  if (!written.startsWith("{")) return undefined;
  // A member that stands there twice would be one thing to us and another to clients: it is what they take.
  const text = hasTwins(written) ? JSON.stringify(JSON.parse(written)) : written;
  const value = memberText(text, membersOf(text), lists[list].key);
  const key: unknown = value?.startsWith('"') === true ? JSON.parse(value) : undefined;
  // Half of a surrogate pair does not survive storing: what is pinned would be another's.
  if (typeof key !== "string" || !key.isWellFormed()) return undefined;
  const words = text.length > longestItem ? undefined : readable(list, text);
  return words === text ? { key, text } : { key, text, readable: words ?? null };
}

const isSame = (one: readonly Item[], other: readonly Item[]): boolean =>
  one.length === other.length &&
  one.every((item, n) => item.text === other[n]?.text && item.readable === other[n].readable);

/** Which lists are not the same, item by item. */
export const differing = (one: Offer, other: Offer | undefined): ListName[] =>
  listNames.filter((list) => !isSame(one[list], other?.[list] ?? []));

/** Whether the server says the same as before, of itself too. */
export const isAsBefore = (offer: Offer, before: Offer | undefined): boolean =>
  before !== undefined &&
  differing(offer, before).length === 0 &&
  JSON.stringify(offer.introduction) === JSON.stringify(before.introduction);

/** An offer as JSON, as it is stored. Megabytes are not written in one turn of the event loop. */
export async function offerText(offer: Offer): Promise<string> {
  const spent = shareOfTurn();
  const members: string[] = [];
  for (const name of listNames) {
    const items: string[] = [];
    for (const item of offer[name]) {
      items.push(JSON.stringify(item));
      const turn = spent();
      if (turn !== undefined) await turn;
    }
    members.push(`"${name}":[${items.join(",")}]`);
  }
  if (offer.introduction !== undefined) members.push(`"introduction":${JSON.stringify(offer.introduction)}`);
  return `{${members.join(",")}}`;
}
