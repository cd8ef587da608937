import { Problem } from "../lib/problem.ts";
import { curationWarnings } from "../mcp/catalog/curation-warnings.ts";
import { unreadable } from "../mcp/catalog/view.ts";
import type { Written } from "../mcp/pipeline/models/written.ts";
import type { ServerRef } from "../mcp/upstream/connections.ts";
import type { Rights } from "../rbac/rights.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { type ProjectFields, serversOf } from "../resources/project.ts";
import { ProxyModel } from "../resources/proxy-model.ts";
import { Server } from "../resources/server.ts";
import type { Op } from "../storage/op.ts";
import { listResources } from "../storage/resources.ts";
import { pinning } from "./pinning.ts";
import type { Probed } from "./probed.ts";
import type { Rooms } from "./rooms.ts";
import { serverRef } from "./status.ts";

type Shelves = Pick<Rooms, "store" | "catalog" | "supervisor" | "proxyModels">;

/** A resource with what is written of it and may not be meant so, or not be safe. `asked` is what llms said that are written by this request. */
export function* withWarnings(
  shelves: Shelves,
  rights: Rights,
  kind: AnyKind,
  item: Resource,
  asked: Probed = new Map(),
): Op<Resource> {
  const warnings =
    kind.kind === "project"
      ? [...(yield* curationsOf(shelves, rights, item)), ...(yield* modelsOf(shelves, rights, item))]
      : kind.kind === "server"
        ? ofServer(serverRef(item), shelves)
        : kind.kind === "proxymodel"
          ? yield* ofModel(shelves, item)
          : kind.kind === "llm"
            ? (asked.get(item.name) ?? [])
            : [];
  return warnings.length === 0 ? item : { ...item, status: { ...item.status, warnings } };
}

function ofServer({ id, fields }: ServerRef, { supervisor, catalog }: Shelves): string[] {
  const unpinned = pinning(fields, supervisor.packageVersion(fields));
  const left = catalog.toolsOf(id)?.left ?? 0;
  return [
    ...(unpinned === undefined ? [] : [unpinned]),
    ...(left === 0 ? [] : [`${left === 1 ? "a tool is" : `${left} tools are`} shown to nobody, ${unreadable}`]),
    ...(fields.tls?.insecureSkipVerify === true
      ? ["tls.insecureSkipVerify takes any certificate: whoever is between can read and change everything"]
      : []),
  ];
}

/** What a project's curation says in vain, as far as the caller may view the servers: what a pattern matches tells of their tools. */
function* curationsOf({ store, catalog }: Shelves, rights: Rights, item: Resource): Op<string[]> {
  const warnings: string[] = [];
  for (const curation of serversOf(item as unknown as ProjectFields)) {
    if (Object.keys(curation).length === 1) continue;
    const server = yield* visible(store, rights, curation.server);
    if (server !== undefined) warnings.push(...curationWarnings(curation, catalog.listsOf(serverRef(server))));
  }
  return warnings;
}

/** What the project's proxy models do not do. Why is told to whoever may view the model. */
function* modelsOf({ store, proxyModels }: Shelves, rights: Rights, item: Resource): Op<string[]> {
  const { proxyModel, servers } = item as unknown as ProjectFields;
  const named = [proxyModel, ...servers.map((entry) => (typeof entry === "string" ? undefined : entry.proxyModel))];
  const warnings: string[] = [];
  for (const name of new Set(named.filter((one) => one !== undefined))) {
    const model = proxyModels.models.get(name);
    if (model?.fault === undefined) continue;
    const isInUse = model.pipeline !== undefined || Object.keys(model.hooks).length > 0;
    const why = (yield* visible(store, rights, name, ProxyModel)) === undefined ? "it has a fault" : model.fault;
    warnings.push(`proxyModel "${name}"${isInUse ? "" : " is not used, and results come as they are"}: ${why}`);
  }
  return warnings;
}

/** A parent may be applied later, and be a child of this one by then: until it is mended the model is not used. */
function* ofModel({ proxyModels }: Shelves, item: Resource): Op<string[]> {
  // One that is read, and not written, says it by its own field.
  if (item["source"] !== undefined) return [];
  const rows = (yield* listResources("proxymodel")).map(({ name, fields }) => ({ name, fields }) as Written);
  const fault = proxyModels.models.faultAmong(rows, item.name);
  return fault === undefined ? [] : [fault];
}

/** Of these servers those that the caller may view, by name. */
export function* visibleServers(
  store: Rooms["store"],
  rights: Rights,
  names: Iterable<string>,
): Op<Map<string, Resource>> {
  const found = new Map<string, Resource>();
  for (const name of names) {
    const server = yield* visible(store, rights, name);
    if (server !== undefined) found.set(name, server);
  }
  return found;
}

function* visible(
  store: Rooms["store"],
  rights: Rights,
  name: string,
  kind: AnyKind = Server,
): Op<Resource | undefined> {
  try {
    return yield* store.get(rights, kind, name);
  } catch (error) {
    if (error instanceof Problem && (error.code === "forbidden" || error.code === "not_found")) return undefined;
    throw error;
  }
}
