import { type FieldError, Problem } from "../../lib/problem.ts";
import { type ProjectFields, serverNames } from "../../resources/project.ts";
import { listExposedNames } from "../../storage/exposed-names.ts";
import { findOffer } from "../../storage/offers.ts";
import type { Op } from "../../storage/op.ts";
import { findResource, type StoredResource } from "../../storage/resources.ts";
import { candidatesOf, type Given, isFree, type NameStyle, type Wish } from "./given-names.ts";
import { canonicalName } from "./names.ts";
import type { Offer } from "./offer.ts";
import { curationOf, wishesOf, withOffered } from "./wishes.ts";

/**
 * Refuses a project in which two tools, as their servers last listed them, would be shown by one name. Asked only of a write that touches the
 * names: what came to clash by itself must not keep anybody from changing the description.
 * @throws Problem `conflict`
 */
export function* refuseClashes(row: StoredResource, existing: StoredResource | undefined): Op<void> {
  const [fields, before] = [row.fields as ProjectFields, existing?.fields as ProjectFields | undefined];
  const touches = !Bun.deepEquals(fields.servers, before?.servers, true) || fields.toolNames !== before?.toolNames;
  if (!touches) return;
  const curation = curationOf(fields);
  const style = fields.toolNames ?? "prefixed";
  if (style === "prefixed" && !serverNames(fields).some((name) => curation(name).rename !== undefined)) return;
  const entries = [];
  for (const name of serverNames(fields)) {
    const server = yield* findResource("server", name);
    const stored = server === undefined ? undefined : yield* findOffer(server.id);
    if (server === undefined || stored === undefined) continue;
    entries.push(withOffered({ server, offer: JSON.parse(stored.body) as Offer }, curation(name)));
  }
  const names = (yield* listExposedNames(row.id)).filter(({ list }) => list === "tools");
  const given: Given = new Map(names.map(({ shown, ...owner }) => [shown, owner]));
  const clashes = clashesIn(wishesOf("tools", entries, curation), given, style);
  if (clashes.length === 0) return;
  throw new Problem("conflict", `two tools of project "${row.name}" would be shown by the same name`, {
    fields: clashes.slice(0, 20).map(({ wish, ...clash }) => errorOf(fields, wish, clash)),
    hint: "rename one of them (servers: [{server: NAME, rename: {OWN: SHOWN}}]), deny one, or write toolNames: prefixed",
  });
}

type Clash = { wish: Wish; shown: string; with: Wish | undefined };

/** Pure. A chosen name must be free; a plain one must be no other tool's of the project. Two that would be told apart anyway do not clash. */
export function clashesIn(wishes: readonly Wish[], given: Given, style: NameStyle): Clash[] {
  const first = new Map<string, Wish>();
  return wishes.flatMap((wish): Clash[] => {
    const [shown = ""] = candidatesOf(wish, style);
    const other = first.get(shown);
    if (other !== undefined && (other.serverId !== wish.serverId || other.own !== wish.own))
      return [{ wish, shown, with: other }];
    first.set(shown, wish);
    return wish.rename !== undefined && !isFree(shown, wish, given) ? [{ wish, shown, with: undefined }] : [];
  });
}

function errorOf(fields: ProjectFields, wish: Wish, { shown, with: other }: Omit<Clash, "wish">): FieldError {
  const said = ({ server, own }: Wish) => JSON.stringify(canonicalName(server, own).slice(0, 128));
  const message =
    other === undefined
      ? `${said(wish)} cannot be shown as "${shown}": clients of this project know another tool by that name`
      : `${said(other)} and ${said(wish)} would both be shown as "${shown}"`;
  return { path: `/servers/${serverNames(fields).indexOf(wish.server)}`, message };
}
