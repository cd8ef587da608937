import type { Client } from "../client/client.ts";
import { Problem } from "../lib/problem.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { kinds } from "../resources/index.ts";
import type { Manifest } from "../resources/parse.ts";
import { type Labels, parseSelector } from "../resources/selector.ts";
import { identityOf } from "./manifests.ts";
import type { Victim } from "./sending.ts";

/** Kinds that have labels and can be deleted. */
const labelled: readonly AnyKind[] = kinds.filter(
  (kind: AnyKind) => kind.verbs.includes("update") && kind.verbs.includes("delete"),
);

/** What bears such labels, of the kinds that the caller may list; what refers comes before what is referred to. @throws Problem */
export async function selected(
  selector: string,
  of: readonly AnyKind[] | undefined,
  client: Client,
  project?: string,
): Promise<Victim[]> {
  const isChosen = parseSelector(selector);
  const victims: Victim[] = [];
  for (const kind of (of ?? labelled).toReversed()) {
    const within = "project" in kind.fields.properties ? project : undefined;
    const items = await client.list(kind, within).catch((error: unknown): Resource[] => {
      // Of all kinds those are meant that one may see; one that was named must be seen.
      if (of === undefined && error instanceof Problem && error.code === "forbidden") return [];
      throw error;
    });
    for (const item of items) if (isChosen(item["labels"] as Labels | undefined)) victims.push(victimOf(kind, item));
  }
  return victims;
}

/** What bears the labels and is not in the files. */
export async function orphans(selector: string, manifests: readonly Manifest[], client: Client): Promise<Victim[]> {
  const kept = new Set(manifests.map(identityOf));
  return (await selected(selector, undefined, client)).filter(
    ({ kind, name, project }) => !kept.has(identityOf({ kind, name, fields: { project } })),
  );
}

export const victimOf = (kind: AnyKind, { id, name, project }: Resource): Victim => ({
  kind,
  id,
  name,
  ...(typeof project === "string" ? { project } : {}),
});
