import { Problem } from "../../lib/problem.ts";
import type { Recorder } from "../../rbac/record.ts";
import type { AuditActor } from "../../resources/audit.ts";
import type { Linked } from "./link-target.ts";
import { createLinks, type LinkOptions, type ReadOptions } from "./links.ts";
import { createProposals } from "./proposals.ts";
import { type Arranged, arranged, findText, loadAll, loadSome, type Row, shelfOf, whoSees } from "./rows.ts";
import { type Facts, factsOf, shelvedOf, statusOf } from "./shelved.ts";
import { createSummaries, type Place, type SummaryOptions } from "./summaries.ts";

/** A prompt as the gate chooses by it: all but its text. `bytes` is unknown of a link that was never read. */
export type Shelved = {
  id: string;
  name: string;
  /** Undefined for one of every project. */
  project: string | undefined;
  priority: number;
  description: string | undefined;
  summary: string;
  /** The beginning of its text, which tags are also looked for in; absent of a link that was never read. */
  head?: string;
  chapters: readonly { title: string; summary: string }[];
  bytes: number | undefined;
  link: { target: string; state: "alive" | "dead" | "unknown"; reason?: string } | undefined;
};

export type Proposal = { name: string; content: string; priority: number; reason: string | undefined };

/** The prompts of projects: each project's own and those of every project, an own one in the place of one of the same name. */
export type PromptShelf = {
  /** In the order of their names. From memory, so that every request may ask. */
  of: (project: string) => readonly Shelved[];
  /**
   * The text, for this caller to read. One behind a link that was never read is waited for 2 s, or as long as `patienceMs` says.
   * @throws Problem `unavailable` when its link is dead or loops, `not_found`
   */
  read: (project: string, name: string, options?: ReadOptions) => Promise<string>;
  /** Makes a promptrequest. Answers its name. @throws Problem `conflict`, `invalid` */
  propose: (project: string, by: AuditActor, proposal: Proposal) => Promise<string>;
};

export type ShelfOptions = Omit<LinkOptions, "looked"> & Omit<SummaryOptions, "made"> & { record: Recorder };

/** What depends on time, such as a summary that failed, is asked for again after so long. */
const listMs = 60_000;

/** Projects are known by name and by id. */
export async function createShelf(options: ShelfOptions) {
  const { db, clock, log } = options;
  /** By id, and by name. */
  let places: ReadonlyMap<string, Place> = new Map();
  let named: ReadonlyMap<string, Place> = new Map();
  let shelves: Arranged = arranged([]);
  let rows: ReadonlyMap<string, Row> = new Map();
  let facts: ReadonlyMap<string, Facts> = new Map();
  const lists = new Map<string, { at: number; list: readonly Shelved[] }>();
  let renewing: Promise<unknown> = Promise.resolve();

  const links = createLinks({ ...options, looked });
  const summaries = createSummaries({ ...options, made: (projectId) => void lists.delete(projectId) });
  const proposals = createProposals(options);

  /** What a link led to, or that it leads nowhere any more. */
  function looked(id: string, text: string | undefined): void {
    const others = new Map(facts);
    others.delete(id);
    if (text !== undefined && rows.has(id)) others.set(id, factsOf(text));
    facts = others;
    lists.clear();
  }

  const stateOf = (row: Row) => links.stateOf(linkedBy(row) ?? { id: row.id, link: "" });

  const madeOf = (place: Place | undefined, { id, fields }: Row) => {
    const known = facts.get(id);
    return place === undefined || known === undefined || fields.summary !== undefined
      ? undefined
      : summaries.of(place, known.hash);
  };

  function of(project: string): readonly Shelved[] {
    const place = placeOf(project);
    if (place === undefined) return [];
    const known = lists.get(place.id);
    if (known !== undefined && clock.now() < known.at + listMs) return known.list;
    const own = shelfOf(shelves, place.name);
    for (const row of own) summarise(place, row);
    const list = own.map((row) => shelvedOf(row, facts.get(row.id), madeOf(place, row), stateOf(row)));
    lists.set(place.id, { at: clock.now(), list });
    return list;
  }

  /** Whether a model of the project says what its prompts are about, and so should begin. */
  const isSummarised = (id: string): boolean => {
    const place = places.get(id);
    return place !== undefined && options.llmOf?.(place.fields) !== undefined;
  };

  const placeOf = (project: string) => places.get(project) ?? named.get(project);

  function rowOf(project: string, name: string): Row | undefined {
    const place = placeOf(project);
    if (place === undefined) return undefined;
    const isIt = (row: Row) => row.name === name;
    return shelves.own.get(place.name)?.find(isIt) ?? shelves.common.find(isIt);
  }

  function summarise(place: Place, row: Row): void {
    const known = facts.get(row.id);
    if (known !== undefined && row.fields.summary === undefined)
      summaries.want(place, known, () => textOf(row).catch(() => undefined));
  }

  function textOf(row: Row, reading?: ReadOptions): Promise<string | undefined> {
    const link = linkedBy(row);
    return link === undefined ? db.read(() => findText(row)) : links.read(link, reading);
  }

  async function read(project: string, name: string, reading?: ReadOptions): Promise<string> {
    const row = rowOf(project, name);
    const text = row === undefined ? undefined : await textOf(row, reading);
    if (text === undefined)
      throw new Problem("not_found", "There is no prompt of this name in this project", {
        hint: "mcpctl get prompts -p PROJECT",
      });
    return text;
  }

  /** One after another, so that what was read first never takes the place of what was read later. */
  function renew(only?: readonly string[]): Promise<readonly string[]> {
    const turn = renewing.then(() => load(only));
    renewing = turn.catch(() => {});
    return turn;
  }

  /** Of what is stored, or of these alone. Answers the ids of the projects that have something else on their shelf now. */
  async function load(only?: readonly string[]): Promise<readonly string[]> {
    const ids = new Set([...places.keys(), ...rows.keys()]);
    const found = await db.read(() => (only === undefined ? loadAll(ids) : loadSome(only, ids)));
    const { gone } = found;
    const before = { places, rows, shelves };
    const [allPlaces, allRows, known] = [new Map(places), new Map(rows), new Map(facts)];
    const changed: Row[] = [];
    for (const row of found.rows) {
      const last = before.rows.get(row.id);
      if (last?.version === row.version) continue;
      changed.push(row, ...(last === undefined ? [] : [last]));
      if (isAsBefore(last, row) && known.has(row.id)) continue;
      // Texts are read when they are asked for: of each the facts are kept.
      if (row.fields.content === undefined) known.delete(row.id);
      else known.set(row.id, factsOf(row.fields.content));
    }
    for (const {
      fields: { content: _, ...fields },
      ...row
    } of found.rows)
      allRows.set(row.id, { ...row, fields });
    for (const place of found.places) allPlaces.set(place.id, place);
    for (const id of gone) {
      const last = before.rows.get(id);
      if (last !== undefined) changed.push(last);
      for (const all of [allPlaces, allRows, known]) all.delete(id);
    }
    places = allPlaces;
    named = new Map([...allPlaces.values()].map((place) => [place.name, place]));
    rows = allRows;
    facts = known;
    if (changed.length > 0) shelves = arranged(allRows.values());
    lists.clear();
    links.keepOnly(new Set(rows.keys()));
    const isOther = ({ id, name }: Place) => before.places.get(id)?.name !== name && shelfOf(shelves, name).length > 0;
    const others = new Set([
      ...whoSees(places.values(), changed, before.shelves, shelves),
      ...found.places.filter(isOther),
    ]);
    return [...others].map(({ id }) => id);
  }

  const allLinks = () => [...rows.values()].flatMap((row) => linkedBy(row) ?? []);

  await renew();
  await links.review(allLinks());

  return {
    of,
    read,
    async propose(project: string, by: AuditActor, proposal: Proposal): Promise<string> {
      const place = placeOf(project);
      if (place === undefined) throw new Problem("not_found", "There is no project of this name");
      return await proposals.add(place.name, by, proposal);
    },
    /**
     * After a change to something of these kinds; of prompts and projects, to these alone. Answers the ids of the projects whose clients see
     * something else now.
     */
    async changed(kinds: ReadonlySet<string>, only?: readonly string[]): Promise<readonly string[]> {
      const before = new Map(allLinks().map(({ id, link }) => [id, link]));
      const others = kinds.has("prompt") || kinds.has("project") ? await renew(only) : [];
      // A model that was not there may be now.
      if (kinds.has("llm")) lists.clear();
      for (const id of kinds.has("llm") ? places.keys() : others) if (isSummarised(id)) of(id);
      if (reviewedAfter.some((kind) => kinds.has(kind))) await links.review(allLinks());
      for (const link of allLinks()) if (before.get(link.id) !== link.link) void links.look(link);
      if (others.length > 0) log.debug("prompts are others now", { projects: others.length });
      return others;
    },
    /** What people are shown of a prompt besides what they wrote; nothing of one that lies on no shelf. Asks nobody. */
    statusOf(id: string): Record<string, unknown> {
      const row = rows.get(id);
      if (row === undefined) return {};
      const place = row.project === undefined ? undefined : placeOf(row.project);
      return statusOf(row, facts.get(id), madeOf(place, row), stateOf(row));
    },
    close: (): void => summaries.close(),
  } satisfies PromptShelf & Record<string, unknown>;
}

/** What decides whether a link may be read. */
const reviewedAfter = ["project", "server", "rbac", "group", "user", "serviceaccount"];

const linkedBy = ({ id, fields: { link } }: Row): Linked | undefined => (link === undefined ? undefined : { id, link });

const isAsBefore = (before: Row | undefined, row: Row): boolean =>
  before !== undefined &&
  (row.fields.link === undefined ? before.version === row.version : before.fields.link === row.fields.link);
