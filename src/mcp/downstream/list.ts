import { remember } from "../../lib/remember.ts";
import { shareOfTurn } from "../../lib/share.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import type { ListName } from "../catalog/offer.ts";
import type { Listed } from "../catalog/view.ts";
import { codes, type Era } from "../protocol.ts";
import { ReadyList } from "../ready-list.ts";
import { dressedTool } from "./dress.ts";
import type { Exchange } from "./exchange.ts";

type Items = readonly Listed[];

/** The whole list on one page: several clients read no second one (reference/clients.md §6.4). */
export async function list(exchange: Exchange, name: ListName): Promise<Outcome> {
  const { inbound, own } = exchange;
  const { cursor } = inbound.params;
  if (cursor !== undefined && cursor !== null)
    return errorOutcome(codes.invalidParams, "This cursor is not one of ours");
  const current = await exchange.view();
  const {
    items: ours = [],
    leftOut = [],
    hides = () => false,
  } = name === "prompts" || name === "resources" ? (own?.listed(name, current) ?? {}) : {};
  const open = await openOf(exchange, name, current.items[name]);
  const theirs = ours.length === 0 ? open : open.filter((item) => !hides(item.name));
  const said = name === "tools" ? await toolsOf(inbound.era, theirs) : theirs;
  const shaped = await shapedList(exchange, name, said, ours);
  const shown = shaped ?? (ours.length === 0 ? said : [...theirs, ...ours]);
  const missing = [...current.missing.filter(({ server }) => exchange.reaches(server)), ...leftOut];
  const meta = missing.length === 0 ? "" : `,"_meta":${JSON.stringify({ "mcpctl/missing": missing })}`;
  return { result: `{"${name}":[]${meta}}`, list: readyOf(shown) };
}

/** As the project's proxy model has it; undefined when it has none. */
async function shapedList(
  exchange: Exchange,
  name: ListName,
  said: Items,
  ours: readonly { name: string; shown: string }[],
) {
  const shaping = await exchange.shape();
  if (shaping === undefined || name === "resourceTemplates") return undefined;
  return name === "tools" ? await shaping.tools(said) : await shaping.others(name, [...said, ...ours]);
}

/** The servers' tools that are open to the caller. */
export async function openTools(exchange: Exchange): Promise<Items> {
  const { tools } = (await exchange.view()).items;
  return await toolsOf(exchange.inbound.era, await openOf(exchange, "tools", tools));
}

/** Of how many policies it is remembered what of a list is open. */
const mostPolicies = 64;
const opened = new WeakMap<Items, Map<string, Items>>();

/** What of a list the caller may see: found out once for all who may use the same. Ten thousand are not asked about in one turn of the event loop. */
async function openOf(exchange: Exchange, name: ListName, items: Items): Promise<Items> {
  const { may } = exchange;
  if (may === undefined) return items;
  const byPolicy = opened.get(items) ?? new Map<string, Items>();
  opened.set(items, byPolicy);
  const key = exchange.policy();
  const known = byPolicy.get(key);
  if (known !== undefined) return remember(byPolicy, key, known, mostPolicies);
  const open: Listed[] = [];
  const spent = shareOfTurn();
  for (const item of items) {
    if (may(name, item)) open.push(item);
    const turn = spent();
    if (turn !== undefined) await turn;
  }
  return remember(byPolicy, key, open, mostPolicies);
}

const dressedLists = new WeakMap<Items, Partial<Record<Era, Promise<Items>>>>();

/** The tools as this era says them; remembered for as long as the list is the same one, which it is itself where nothing is said in another way. */
function toolsOf(era: Era, items: Items): Promise<Items> {
  const known = dressedLists.get(items) ?? {};
  dressedLists.set(items, known);
  known[era] ??= dressedList(era, items);
  return known[era];
}

async function dressedList(era: Era, items: Items): Promise<Items> {
  const dressed: Listed[] = [];
  let isOther = false;
  const spent = shareOfTurn();
  for (const item of items) {
    const shown = dressedTool(era, item.shown);
    if (shown !== item.shown) isOther = true;
    dressed.push(shown === item.shown ? item : { ...item, shown });
    const turn = spent();
    if (turn !== undefined) await turn;
  }
  return isOther ? dressed : items;
}

const readyLists = new WeakMap<readonly object[], ReadyList>();

function readyOf(items: readonly { shown: string }[]): ReadyList {
  const known = readyLists.get(items) ?? new ReadyList(items);
  readyLists.set(items, known);
  return known;
}
