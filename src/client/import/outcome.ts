import { Problem } from "../../lib/problem.ts";
import type { AnyKind, Resource } from "../../resources/define.ts";
import { parseManifest } from "../../resources/parse.ts";
import { Project, type ProjectFields } from "../../resources/project.ts";
import { Secret } from "../../resources/secret.ts";
import { Server } from "../../resources/server.ts";
import type { Client } from "../client.ts";
import type { Planned } from "./plan.ts";

/** What becomes of what is planned, beside what is there. */
export type Outcome = {
  servers: { planned: Planned; action: "create" | "change" | "unchanged" | "clash" }[];
  /** Names that are somebody else's already. */
  clashes: string[];
  /** What is sent, in the order in which it refers to one another. */
  documents: Record<string, unknown>[];
};

/** Without `client` nothing is looked up: all is new. `force` takes the place of what is there. */
export async function outcomeOf(
  planned: readonly Planned[],
  project: string,
  force: boolean,
  client: Client | undefined,
): Promise<Outcome> {
  const find = async (kind: AnyKind, name: string) =>
    client === undefined ? undefined : await client.get(kind, name).catch(absent);
  const servers: Outcome["servers"] = [];
  const clashes: string[] = [];
  const secrets: Record<string, unknown>[] = [];
  const changed: Record<string, unknown>[] = [];
  for (const one of planned) {
    const existing = await find(Server, one.name);
    if (existing !== undefined && isSame(one.server, existing)) {
      servers.push({ planned: one, action: "unchanged" });
      continue;
    }
    const secret = one.secret && (await find(Secret, one.secret.name));
    const taken = [existing && `server/${one.name}`, secret && `secret/${one.name}`].filter(
      (name) => name !== undefined,
    );
    if (!force) clashes.push(...taken);
    const isClash = !force && taken.length > 0;
    servers.push({ planned: one, action: isClash ? "clash" : existing === undefined ? "create" : "change" });
    // Labels are what somebody here sorts by: they stay.
    const labels = existing?.["labels"] === undefined ? {} : { labels: existing["labels"] };
    changed.push({ ...one.server, ...labels });
    if (one.secret !== undefined) secrets.push({ kind: "secret", ...one.secret });
  }
  const documents = [...secrets, ...changed, projectOf(planned, project, await find(Project, project))];
  return { servers, clashes, documents };
}

function absent(error: unknown): undefined {
  if (error instanceof Problem && error.code === "not_found") return undefined;
  throw error;
}

function isSame(server: Record<string, unknown>, existing: Resource): boolean {
  const { labels: _, ...there } = parseManifest(Server, existing).fields;
  return Bun.deepEquals(parseManifest(Server, server).fields, there, true);
}

/** A project that is there keeps all it has, and gets the servers that it has not. */
function projectOf(planned: readonly Planned[], name: string, existing: Resource | undefined): Record<string, unknown> {
  const fields = existing === undefined ? {} : parseManifest(Project, existing).fields;
  const there = (fields["servers"] ?? []) as ProjectFields["servers"];
  const names = new Set(there.map((one) => (typeof one === "string" ? one : one.server)));
  const more = planned
    .filter((one) => !names.has(one.name))
    .map(({ name: server, allow, deny }) =>
      allow === undefined && deny === undefined
        ? server
        : { server, ...(allow !== undefined && { allow }), ...(deny !== undefined && { deny }) },
    );
  return { kind: "project", name, ...fields, servers: [...there, ...more] };
}
