import { exposedName, ownedName, plainName } from "./names.ts";

/** How a project shows names: by server and name, or by the name alone where it is nobody else's. */
export type NameStyle = "prefixed" | "plain";
/** What a shown name leads to. */
export type Owner = { serverId: string; own: string };
/** One tool or prompt that is to be shown; `rename` is what the project calls it. */
export type Wish = Owner & { server: string; rename?: string | undefined };
/** Which names were ever given in a project, and to whom. */
export type Given = ReadonlyMap<string, Owner>;

/** What one server may have been given in one list, in all its life: a server that renames its tools forever fills no disk. */
const mostNames = 20_000;
/** A longer one, or one that no database gives back as it was, has no name. */
const longestOwn = 1024;

/** The name of each wish, and those that are given for the first time. */
export type Names = { shownOf: (owner: Owner) => string | undefined; given: Given; fresh: ReadonlyMap<string, Owner> };

/**
 * Pure. Gives names, one wish after another: those that the project chose first, all others in the order of the wishes. Whoever finds every good name taken
 * is shown by the next best, so that a name once given leads where it led, or nowhere. What has no name (too many, too long) is not shown.
 */
export function* giveNames(wishes: readonly Wish[], before: Given, style: NameStyle): Generator<void, Names> {
  const given = new Map(before);
  const fresh = new Map<string, Owner>();
  const shown = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const { serverId } of before.values()) counts.set(serverId, (counts.get(serverId) ?? 0) + 1);
  const chosen = wishes.filter(({ rename }) => rename !== undefined);
  for (const wish of [...chosen, ...wishes]) {
    yield;
    const { serverId, own } = wish;
    if (shown.has(keyOf(wish)) || own.length > longestOwn || !own.isWellFormed()) continue;
    const name = firstFree(wish, style, given);
    if (name === undefined) continue;
    if (!given.has(name)) {
      const count = counts.get(serverId) ?? 0;
      if (count >= mostNames) continue;
      counts.set(serverId, count + 1);
      given.set(name, { serverId, own });
      fresh.set(name, { serverId, own });
    }
    shown.set(keyOf(wish), name);
  }
  return { shownOf: (owner) => shown.get(keyOf(owner)), given, fresh };
}

/** The last of the candidates costs a hash, and is hardly ever needed. */
function firstFree(wish: Wish, style: NameStyle, given: Given): string | undefined {
  for (const candidate of candidatesOf(wish, style)) if (isFree(candidate, wish, given)) return candidate;
  return undefined;
}

/** Best first. */
export function* candidatesOf({ serverId, server, own, rename }: Wish, style: NameStyle): Generator<string, void> {
  if (rename !== undefined) yield rename;
  if (style === "plain") yield plainName(own);
  yield exposedName(server, own);
  yield ownedName(serverId, own);
}

/** Whether a name was never given, or to this very tool. */
export function isFree(name: string, { serverId, own }: Owner, given: Given): boolean {
  const owner = given.get(name);
  return owner === undefined || (owner.serverId === serverId && owner.own === own);
}

const keyOf = ({ serverId, own }: Owner): string => `${serverId}/${own}`;
