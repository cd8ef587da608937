import type { Clock } from "../../lib/clock.ts";
import { version } from "../../lib/version.ts";
import { within } from "../../lib/wait.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { ownerIn } from "../catalog/names.ts";
import type { ListName } from "../catalog/offer.ts";
import type { Target, View } from "../catalog/view.ts";
import { type Endpoint, isFussy } from "../endpoint.ts";
import type { Abilities } from "../peer.ts";
import type { ServerRef } from "../upstream/connections.ts";
import { interactive } from "../upstream/private.ts";
import type { Admission, Visit } from "../visit.ts";
import type { Face, Found, May } from "./exchange.ts";

/** Starting and being listed are bounded by the server's own limits; this is for several of them. */
const longestListingMs = 60_000;
/** How many variants of one endpoint are kept ready. */
const mostVariants = 16;

/** So long it is good without a look at how old the servers' lists are. */
const freshMs = 100;

/**
 * What an endpoint of a project shows, and what that was made of. `views` are by the variants that stand in them, `ready` by what clients can be
 * asked, with when it was made sure of.
 */
type Shown = {
  revision: number;
  version: number;
  servers: readonly ServerRef[];
  views: Map<string, View>;
  ready: Map<string, { at: number; revision: number; view: View }>;
};

/** What a visitor sees of a project, and what of it is open to them. */
export function createScope(catalog: Catalog, clock: Clock) {
  /** Of each project, by endpoint. */
  const shownOf = new Map<string, Map<string, Shown>>();
  const infoTexts = new WeakMap<Admission["project"], string>();

  /** The caller's own part of the view, in list and call alike; undefined when it is all of it. */
  function mayOf({ admission }: Visit): May | undefined {
    const isAll = admission.mayCall === undefined && !admission.readOnly && !quarantines(admission);
    return isAll ? undefined : mayIn(admission);
  }

  const mayIn =
    (admission: Admission): May =>
    (list, target) =>
      isOpen(admission, list, target) && whyHeldBack(admission, list, target) === undefined;

  /** What `mayOf` decides by, beside the view that it is asked about. */
  function policyOf({ admission: { readOnly, policy } }: Visit): string {
    return `${readOnly} ${policy?.() ?? ""}`;
  }

  const quarantines = ({ project }: Admission): boolean => project.fields.onToolChange === "quarantine";

  /** Why a tool may not be used before somebody has looked at it, where the project asks for that. */
  const whyHeldBack = (admission: Admission, list: ListName, { server, key, variant }: Target): string | undefined =>
    list === "tools" && quarantines(admission) ? catalog.heldBack(server, key, variant) : undefined;

  /** Whether the caller has the right to it. */
  function isOpen({ mayCall, readOnly }: Admission, list: ListName, target: Target & { text?: string }): boolean {
    const { server, key, text = "{}", variant } = target;
    const isTool = list === "tools";
    if (mayCall?.(server.name, isTool ? key : undefined) === false) return false;
    return !readOnly || !isTool || catalog.isReadOnly(server, key, text, variant);
  }

  /** Ready at once for as long as nothing that it depends on has changed. Shortly after it was asked, no server need be asked how it fares. */
  function viewOf(visit: Visit, abilities: Abilities): View | Promise<View> {
    const { project, servers } = visit.admission;
    const shown = shownTo(visit);
    const { elicitation, sampling, roots } = abilities;
    const asksNothing = elicitation === undefined && sampling === undefined && roots === undefined;
    const key = asksNothing ? "" : JSON.stringify(interactive(abilities));
    const ready = shown.ready.get(key);
    const isGood = shown.version === project.version && (shown.servers === servers || isSame(shown.servers, servers));
    if (isGood && ready?.revision === catalog.revision() && Math.abs(clock.now() - ready.at) < freshMs)
      return ready.view;
    return lookedUp(visit, abilities, shown, key);
  }

  async function lookedUp({ admission, endpoint }: Visit, abilities: Abilities, shown: Shown, key: string) {
    const { project, servers } = admission;
    const at = clock.now();
    const entries = await catalog.entriesOf(servers, abilities);
    const made = { at, revision: catalog.revision() };
    const revision = catalog.revisionOf(servers);
    if (shown.revision !== revision || shown.version !== project.version || !isSame(shown.servers, servers)) {
      Object.assign(shown, { revision, version: project.version, servers });
      shown.views.clear();
      shown.ready.clear();
    }
    const variants = entries.map(({ variant = "" }) => variant).join();
    const { views, ready } = shown;
    const view = views.get(variants) ?? (await catalog.view(project, entries, kindOf(endpoint)));
    // While it was made it may have become an old one, which is good for this request and no other.
    if (shown.revision !== revision || shown.version !== project.version || !isSame(shown.servers, servers))
      return view;
    if (views.size >= mostVariants) views.clear();
    views.set(variants, view);
    if (ready.size >= mostVariants) ready.clear();
    ready.set(key, { ...made, view });
    return view;
  }

  function shownTo({ admission: { project }, endpoint }: Visit): Shown {
    const ofProject = shownOf.get(project.id) ?? new Map<string, Shown>();
    shownOf.set(project.id, ofProject);
    const place = endpoint.server ?? (isFussy(endpoint) ? " vllm" : " project");
    const known = ofProject.get(place);
    if (known !== undefined) return known;
    const shown: Shown = { revision: 0, version: 0, servers: [], views: new Map(), ready: new Map() };
    ofProject.set(place, shown);
    return shown;
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

  /** What servers of which something is open said of themselves: what the others bring along is not told either. */
  const knownTo = ({ admission: { servers, reaches } }: Visit) =>
    servers.filter(({ name }) => reaches?.(name) !== false).flatMap(({ id }) => catalog.introductionOf(id) ?? []);

  /** A project under its own name; one server's endpoint as that server, once it is known. */
  function infoOf(visit: Visit): unknown {
    const { endpoint, admission } = visit;
    if (endpoint.alias !== undefined) return { name: endpoint.alias, version };
    const only = endpoint.server === undefined ? undefined : knownTo(visit)[0];
    const { name } = admission.project;
    return only?.serverInfo ?? { name, title: `mcpctl: ${name}`, version };
  }

  /** The same as JSON text: a project's is made once, and said with each answer. */
  function infoTextOf(visit: Visit): string {
    const { endpoint, admission } = visit;
    if (endpoint.alias !== undefined || endpoint.server !== undefined) return JSON.stringify(infoOf(visit));
    const text = infoTexts.get(admission.project) ?? JSON.stringify(infoOf(visit));
    infoTexts.set(admission.project, text);
    return text;
  }

  function faceOf(visit: Visit): Face {
    const known = knownTo(visit);
    const isSingle = visit.endpoint.server !== undefined;
    const only = isSingle ? known[0] : undefined;
    const instructions = only === undefined ? visit.admission.project.fields.prompt : only.instructions;
    return { info: infoOf(visit), instructions, known, isSingle };
  }

  return {
    viewOf,
    viewWith,
    infoTextOf,
    faceOf,
    mayOf,
    policyOf,
    isOpen,
    whyHeldBack,
    /** Lets go of what is remembered of a project. */
    forget(projectId: string): void {
      shownOf.delete(projectId);
    },
  };
}

const kindOf = (endpoint: Endpoint) =>
  endpoint.server !== undefined ? "server" : isFussy(endpoint) ? "vllm" : "project";

const isSame = (one: readonly ServerRef[], other: readonly ServerRef[]): boolean =>
  one === other ||
  (one.length === other.length &&
    one.every(({ id, version: at }, n) => id === other[n]?.id && at === other[n].version));
