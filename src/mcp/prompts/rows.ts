import type { ProjectFields } from "../../resources/project.ts";
import type { PromptFields } from "../../resources/prompt.ts";
import { systemProject } from "../../resources/system-prompts.ts";
import type { Op } from "../../storage/op.ts";
import { findResource, listResources, resourceIds, type StoredResource } from "../../storage/resources.ts";
import type { Place } from "./summaries.ts";

/** A prompt as it is stored. `project` is the project's name, undefined for one of every project. */
export type Row = { id: string; name: string; version: number; project: string | undefined; fields: PromptFields };

const rowOf = ({ id, name, version, fields }: StoredResource): Row => {
  const prompt = fields as PromptFields;
  return { id, name, version, project: prompt.project, fields: prompt };
};

/** Everything that lies on shelves, and the projects that have one; which of the known are gone. mcpctl's own words to models lie on none. */
export function* loadAll(known: ReadonlySet<string>): Op<Loaded> {
  const places = (yield* listResources("project")).map(placeOf);
  const rows = (yield* listResources("prompt")).map(rowOf).filter(isShelved);
  const there = new Set([...places, ...rows].map(({ id }) => id));
  return { places, rows, gone: [...known].filter((id) => !there.has(id)) };
}

/** The same of these alone, and of those that are not known yet. */
export function* loadSome(only: readonly string[], known: ReadonlySet<string>): Op<Loaded> {
  const places: Place[] = [];
  const rows: Row[] = [];
  const there = new Set([...(yield* resourceIds("project")), ...(yield* resourceIds("prompt"))]);
  const asked = new Set(only);
  for (const id of there) {
    if (known.has(id) && !asked.has(id)) continue;
    const found = yield* findResource("prompt", id);
    const project = found === undefined ? yield* findResource("project", id) : undefined;
    if (found !== undefined) rows.push(rowOf(found));
    if (project !== undefined) places.push(placeOf(project));
  }
  return { places, rows: rows.filter(isShelved), gone: [...known].filter((id) => !there.has(id)) };
}

export type Loaded = { places: Place[]; rows: Row[]; gone: string[] };

const placeOf = ({ id, name, fields }: StoredResource): Place => ({ id, name, fields: fields as ProjectFields });
const isShelved = ({ project }: Row): boolean => project !== systemProject;

/** The text of a prompt as it is now; undefined when it is gone, is a link, or is another project's by now. */
export function* findText({ id, project }: Row): Op<string | undefined> {
  const found = yield* findResource("prompt", id);
  const row = found === undefined ? undefined : rowOf(found);
  return row?.project === project ? row?.fields.content : undefined;
}

/** What lies on shelves: what is for every project, once, and what each has of its own. */
export type Arranged = { common: readonly Row[]; own: ReadonlyMap<string, readonly Row[]> };

/** Pure. */
export function arranged(rows: Iterable<Row>): Arranged {
  const common: Row[] = [];
  const own = new Map<string, Row[]>();
  for (const row of rows) {
    const theirs = row.project === undefined ? common : (own.get(row.project) ?? []);
    theirs.push(row);
    if (row.project !== undefined) own.set(row.project, theirs);
  }
  return { common: common.sort(byName), own };
}

/** Pure: what a project has, in the order of names; its own in the place of one of every project of the same name. */
export function shelfOf({ common, own }: Arranged, project: string): readonly Row[] {
  const theirs = own.get(project);
  if (theirs === undefined) return common;
  const names = new Set(theirs.map(({ name }) => name));
  return [...common.filter(({ name }) => !names.has(name)), ...theirs].sort(byName);
}

/** Pure: of these projects those that see something else when these rows are others, or gone. */
export function whoSees(places: Iterable<Place>, changed: readonly Row[], before: Arranged, after: Arranged): Place[] {
  const owners = new Set(changed.map(({ project }) => project));
  const common = changed.filter(({ project }) => project === undefined);
  const hides = ({ own }: Arranged, place: Place, { name }: Row) =>
    own.get(place.name)?.some((row) => row.name === name) === true;
  return [...places].filter(
    (place) => owners.has(place.name) || common.some((row) => !(hides(before, place, row) && hides(after, place, row))),
  );
}

const byName = (a: Row, b: Row): number => (a.name < b.name ? -1 : 1);
