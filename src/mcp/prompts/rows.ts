import type { ProjectFields } from "../../resources/project.ts";
import type { PromptFields } from "../../resources/prompt.ts";
import { systemProject } from "../../resources/system-prompts.ts";
import type { Op } from "../../storage/op.ts";
import { findResource, listResources, type StoredResource } from "../../storage/resources.ts";
import type { Place } from "./summaries.ts";

/** A prompt as it is stored. `project` is the project's name, undefined for one of every project. */
export type Row = { id: string; name: string; version: number; project: string | undefined; fields: PromptFields };

const rowOf = ({ id, name, version, fields }: StoredResource): Row => {
  const prompt = fields as PromptFields;
  return { id, name, version, project: prompt.project, fields: prompt };
};

/** Everything that lies on shelves, and the projects that have one. mcpctl's own words to models lie on none. */
export function* loadRows(): Op<{ places: Place[]; rows: Row[] }> {
  const projects = yield* listResources("project");
  const prompts = (yield* listResources("prompt")).map(rowOf);
  return {
    places: projects.map(({ id, name, fields }) => ({ id, name, fields: fields as ProjectFields })),
    rows: prompts.filter(({ project }) => project !== systemProject),
  };
}

/** The text of a prompt as it is now; undefined when it is gone, is a link, or is another project's by now. */
export function* findText({ id, project }: Row): Op<string | undefined> {
  const found = yield* findResource("prompt", id);
  const row = found === undefined ? undefined : rowOf(found);
  return row?.project === project ? row?.fields.content : undefined;
}

/** Pure: what each project has, by its id, in the order of names; its own in the place of one of every project of the same name. */
export function arranged(places: readonly Place[], rows: readonly Row[]): Map<string, readonly Row[]> {
  const common = rows.filter(({ project }) => project === undefined);
  const own = Map.groupBy(rows, ({ project }) => project);
  return new Map(
    places.map(({ id, name }) => {
      const byName = new Map(common.map((row) => [row.name, row]));
      for (const row of own.get(name) ?? []) byName.set(row.name, row);
      return [id, [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))];
    }),
  );
}
