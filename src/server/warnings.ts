import { Problem } from "../lib/problem.ts";
import { curationWarnings } from "../mcp/catalog/curation-warnings.ts";
import type { Rights } from "../rbac/rights.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { type ProjectFields, serversOf } from "../resources/project.ts";
import { Server, type ServerFields } from "../resources/server.ts";
import type { Op } from "../storage/op.ts";
import type { Rooms } from "./rooms.ts";
import { serverRef } from "./status.ts";

type Shelves = Pick<Rooms, "store" | "catalog">;

/** A server with what is unsafe of it, and a project with what its curation says in vain, as far as the caller may view the servers: what a pattern matches tells of their tools. */
export function* withWarnings(
  { store, catalog }: Shelves,
  rights: Rights,
  kind: AnyKind,
  item: Resource,
): Op<Resource> {
  if (kind.kind === "server") return warned(item, trustWarnings(item as unknown as ServerFields));
  if (kind.kind !== "project") return item;
  const warnings: string[] = [];
  for (const curation of serversOf(item as unknown as ProjectFields)) {
    if (Object.keys(curation).length === 1) continue;
    const server = yield* visible({ store }, rights, curation.server);
    if (server !== undefined) warnings.push(...curationWarnings(curation, catalog.listsOf(serverRef(server))));
  }
  return warned(item, warnings);
}

const warned = (item: Resource, warnings: readonly string[]): Resource =>
  warnings.length === 0 ? item : { ...item, status: { ...item.status, warnings } };

const trustWarnings = ({ tls }: ServerFields): string[] =>
  tls?.insecureSkipVerify === true
    ? ["tls.insecureSkipVerify takes any certificate: whoever is between can read and change everything"]
    : [];

function* visible({ store }: Pick<Rooms, "store">, rights: Rights, name: string): Op<Resource | undefined> {
  try {
    return yield* store.get(rights, Server, name);
  } catch (error) {
    if (error instanceof Problem && (error.code === "forbidden" || error.code === "not_found")) return undefined;
    throw error;
  }
}
