import { version } from "../../lib/version.ts";
import { within } from "../../lib/wait.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { ownerIn } from "../catalog/names.ts";
import type { ListName } from "../catalog/offer.ts";
import type { Target, View } from "../catalog/view.ts";
import { isFussy } from "../endpoint.ts";
import type { Abilities } from "../peer.ts";
import type { Visit } from "../visit.ts";
import type { Face, Found, May } from "./exchange.ts";

/** Starting and being listed are bounded by the server's own limits; this is for several of them. */
const longestListingMs = 60_000;
/** How many variants of one endpoint are kept ready. */
const mostVariants = 16;

/** What a visitor sees of a project, and what of it is open to them. */
export function createScope(catalog: Catalog) {
  const views = new Map<string, { key: string; views: Map<string, View> }>();

  /** The caller's own part of the view, in list and call alike. */
  function mayOf(visit: Visit): May | undefined {
    const mine = rightsTo(visit);
    const heldBack = quarantineOf(visit);
    if (heldBack === undefined) return mine;
    return (list, target) => mine?.(list, target) !== false && heldBack(list, target) === undefined;
  }

  /** What `mayOf` decides by, beside the view that it is asked about. */
  function policyOf({ admission: { readOnly, policy } }: Visit): string {
    return `${readOnly} ${policy?.() ?? ""}`;
  }

  /** Why a tool may not be used before somebody has looked at it, where the project asks for that. */
  function quarantineOf({ admission: { project } }: Visit) {
    if (project.fields.onToolChange !== "quarantine") return undefined;
    return (list: ListName, { server, key, variant }: Target) =>
      list === "tools" ? catalog.heldBack(server, key, variant) : undefined;
  }

  function rightsTo({ admission: { mayCall, readOnly } }: Visit): May | undefined {
    if (mayCall === undefined && !readOnly) return undefined;
    return (list, { server, key, text = "{}", variant }) => {
      const isTool = list === "tools";
      if (mayCall?.(server.name, isTool ? key : undefined) === false) return false;
      return !readOnly || !isTool || catalog.isReadOnly(server, key, text, variant);
    };
  }

  async function viewOf({ admission: { project, servers }, endpoint }: Visit, abilities: Abilities): Promise<View> {
    const entries = await catalog.entriesOf(servers, abilities);
    const key = [
      catalog.revisionOf(servers),
      project.version,
      ...servers.map(({ id, version: at }) => `${id}@${at}`),
    ].join();
    const place = `${project.id} ${endpoint.server ?? ""} ${isFussy(endpoint)}`;
    const variants = entries.map(({ variant = "" }) => variant).join();
    const cached = views.get(place);
    const known = cached?.key === key ? cached.views : new Map<string, View>();
    const ready = known.get(variants);
    if (ready !== undefined) return ready;
    const kind = endpoint.server !== undefined ? "server" : isFussy(endpoint) ? "vllm" : "project";
    const view = await catalog.view(project, entries, kind);
    if (known.size >= mostVariants) known.clear();
    views.set(place, { key, views: known.set(variants, view) });
    return view;
  }

  /**
   * The same once it is known what those servers offer of which this may be a name: a call that comes before its server was ever listed waits for
   * it, as one to a server that sleeps does, and for no other. Undefined when there is nothing to wait for.
   */
  async function viewWith(list: Found, asked: string, visit: Visit, abilities: Abilities) {
    const { servers, reaches } = visit.admission;
    const owner = ownerIn(asked, servers);
    const meant = owner === undefined ? servers : [owner];
    const listings = new Set(
      meant.filter(({ name }) => reaches?.(name) !== false).flatMap((server) => catalog.firstListing(server) ?? []),
    );
    for (const listing of listings) void listing.then(() => listings.delete(listing));
    const until = performance.now() + longestListingMs;
    let view: View | undefined;
    while (listings.size > 0 && performance.now() < until && view?.[list].has(asked) !== true) {
      await within(until - performance.now(), Promise.race(listings));
      view = await viewOf(visit, abilities);
    }
    return view;
  }

  /** A project under its own name; one server's endpoint as that server, once it is known. */
  function faceOf({ admission: { project, servers, reaches }, endpoint }: Visit): Face {
    // What a server of which nothing is open brings along is not told either.
    const open = servers.filter(({ name }) => reaches?.(name) !== false);
    const known = open.flatMap(({ id }) => catalog.introductionOf(id) ?? []);
    const isSingle = endpoint.server !== undefined;
    const only = isSingle ? known[0] : undefined;
    const named = { name: project.name, title: `mcpctl: ${project.name}`, version };
    return {
      info: endpoint.alias === undefined ? (only?.serverInfo ?? named) : { name: endpoint.alias, version },
      instructions: only === undefined ? project.fields.prompt : only.instructions,
      known,
      isSingle,
    };
  }

  return {
    viewOf,
    viewWith,
    faceOf,
    mayOf,
    policyOf,
    rightsTo,
    quarantineOf,
    /** Lets go of what is remembered of a project. */
    forget(projectId: string): void {
      for (const place of views.keys()) if (place.startsWith(projectId)) views.delete(place);
    },
  };
}
