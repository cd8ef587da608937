import { Problem } from "../../lib/problem.ts";
import type { Recorder } from "../../rbac/record.ts";
import type { AuditActor } from "../../resources/audit.ts";
import type { Linked } from "./link-target.ts";
import { createLinks, type LinkOptions, type ReadOptions } from "./links.ts";
import { createProposals } from "./proposals.ts";
import { arranged, findText, loadRows, type Row } from "./rows.ts";
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
  let places: ReadonlyMap<string, Place> = new Map();
  let shelves: ReadonlyMap<string, readonly Row[]> = new Map();
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
    const place = places.get(project);
    if (place === undefined) return [];
    const known = lists.get(place.id);
    if (known !== undefined && clock.now() < known.at + listMs) return known.list;
    const own = shelves.get(place.id) ?? [];
    for (const row of own) summarise(place, row);
    const list = own.map((row) => shelvedOf(row, facts.get(row.id), madeOf(place, row), stateOf(row)));
    lists.set(place.id, { at: clock.now(), list });
    return list;
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
    const row = shelves.get(places.get(project)?.id ?? "")?.find((one) => one.name === name);
    const text = row === undefined ? undefined : await textOf(row, reading);
    if (text === undefined)
      throw new Problem("not_found", "There is no prompt of this name in this project", {
        hint: "mcpctl get prompts -p PROJECT",
      });
    return text;
  }

  /** One after another, so that what was read first never takes the place of what was read later. */
  function renew(): Promise<readonly string[]> {
    const turn = renewing.then(load);
    renewing = turn.catch(() => {});
    return turn;
  }

  /** Answers the ids of the projects that have something else on their shelf now. */
  async function load(): Promise<readonly string[]> {
    const found = await db.read(loadRows);
    const before = { rows, shelves };
    // Texts are read when they are asked for: of each the facts are kept.
    const known = new Map<string, Facts>();
    const light = found.rows.map((row): Row => {
      const kept = isAsBefore(before.rows.get(row.id), row) ? facts.get(row.id) : undefined;
      const { content, ...fields } = row.fields;
      const told = kept ?? (content === undefined ? undefined : factsOf(content));
      if (told !== undefined) known.set(row.id, told);
      return { ...row, fields };
    });
    places = new Map(found.places.flatMap((place) => [[place.name, place] as const, [place.id, place] as const]));
    rows = new Map(light.map((row) => [row.id, row]));
    shelves = arranged(found.places, light);
    facts = known;
    lists.clear();
    links.keepOnly(new Set(rows.keys()));
    return [...shelves].flatMap(([id, shelf]) => (signature(shelf) === signature(before.shelves.get(id)) ? [] : [id]));
  }

  const allLinks = () => [...rows.values()].flatMap((row) => linkedBy(row) ?? []);

  await renew();
  await links.review(allLinks());

  return {
    of,
    read,
    async propose(project: string, by: AuditActor, proposal: Proposal): Promise<string> {
      const place = places.get(project);
      if (place === undefined) throw new Problem("not_found", "There is no project of this name");
      return await proposals.add(place.name, by, proposal);
    },
    /** After a change to something of these kinds. Answers the ids of the projects whose clients see something else now. */
    async changed(kinds: ReadonlySet<string>): Promise<readonly string[]> {
      const before = new Map(allLinks().map(({ id, link }) => [id, link]));
      const others = kinds.has("prompt") || kinds.has("project") ? await renew() : [];
      // A model that was not there may be now.
      if (kinds.has("llm")) lists.clear();
      for (const project of kinds.has("llm") ? shelves.keys() : others) of(project);
      if (reviewedAfter.some((kind) => kinds.has(kind))) await links.review(allLinks());
      for (const link of allLinks()) if (before.get(link.id) !== link.link) void links.look(link);
      if (others.length > 0) log.debug("prompts are others now", { projects: others.length });
      return others;
    },
    /** What people are shown of a prompt besides what they wrote; nothing of one that lies on no shelf. Asks nobody. */
    statusOf(id: string): Record<string, unknown> {
      const row = rows.get(id);
      if (row === undefined) return {};
      const place = row.project === undefined ? undefined : places.get(row.project);
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

const signature = (shelf: readonly Row[] | undefined): string =>
  (shelf ?? []).map(({ id, version }) => `${id} ${version}`).join();
