import { healthOfAll, type Verdict } from "../instances/health.ts";
import type { HealthWatch } from "../instances/health-watch.ts";
import type { Supervisor } from "../instances/supervisor.ts";
import type { InstanceView } from "../instances/view.ts";
import type { BreakerView } from "../lib/breaker.ts";
import type { Llms } from "../llm/llms.ts";
import type { Catalog } from "../mcp/catalog/catalog.ts";
import type { Connections, ServerRef } from "../mcp/upstream/connections.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { LlmKind } from "../resources/llm.ts";
import { Project, type ProjectFields, serverNames } from "../resources/project.ts";
import { isManaged, Server, type ServerFields } from "../resources/server.ts";

export type Running = {
  supervisor: Supervisor;
  connections: Connections;
  catalog: Catalog;
  health: HealthWatch;
  llms: Pick<Llms, "statusOf">;
  /** Of a prompt, by its id. */
  promptStatus: (id: string) => Record<string, unknown>;
};

/** What is usable of a project, and why the rest is not; of the servers that the caller may view, which are given. */
function ofProject(running: Running, item: Resource, visible: ReadonlyMap<string, Resource>): Resource {
  const servers = serverNames(item as unknown as ProjectFields).flatMap((name) => {
    const server = visible.get(name);
    if (server === undefined) return [];
    const { state, copies, health, reason, tools } = withStatus(running, Server, server).status ?? {};
    return [{ name, state, copies, health, reason, tools, isReady: isReady(running, server) }];
  });
  if (servers.length === 0) return item;
  const ready = `${servers.filter((server) => server.isReady).length}/${servers.length}`;
  const told = servers.map(({ isReady: _, ...told }) =>
    Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)),
  );
  return { ...item, status: { ...item.status, ready, servers: told } };
}

/** Whether it is there for whoever needs it. One that sleeps is: the next call wakes it. */
export function isReady({ supervisor, connections }: Running, server: Resource): boolean {
  const ref = serverRef(server);
  if (!isManaged(ref.fields)) return connections.stateOf(ref).state === "RUNNING";
  const { state, sleeps } = supervisor.serverStateOf(server.id);
  return state === "RUNNING" || sleeps;
}

/** A server's state as people see it: that of its instance, or of the connection when somebody else runs it. */
export function withStatus(
  running: Running,
  kind: AnyKind,
  item: Resource,
  visible: ReadonlyMap<string, Resource> = new Map(),
): Resource {
  if (kind === Project) return ofProject(running, item, visible);
  if (kind === LlmKind) return { ...item, status: { ...item.status, ...running.llms.statusOf(item.id) } };
  if (kind.kind === "prompt") return { ...item, status: { ...item.status, ...running.promptStatus(item.id) } };
  if (kind.kind !== "server") return item;
  const { supervisor, connections, catalog, health } = running;
  const server = serverRef(item);
  const tools = catalog.toolsOf(item.id)?.tools;
  const waiting = catalog.waiting(item.id);
  const seen = {
    ...connections.spokenOf(server),
    ...(tools === undefined ? {} : { tools }),
    ...(waiting === 0 ? {} : { toolChanges: waiting }),
  };
  if (!isManaged(server.fields)) {
    const well = { ...told(health.of(item.id)), ...breakerIn([connections.breakerOf(item.id)]) };
    return { ...item, status: { ...item.status, ...connections.stateOf(server), ...well, ...seen } };
  }
  const copies = connections.conversations(server).flatMap(({ instance }) => instance ?? []);
  const {
    state,
    running: up,
    copies: all,
    reason,
    resolved = supervisor.packageVersion(server.fields),
  } = supervisor.serverStateOf(item.id);
  const managed = {
    state,
    ...(all < 2 ? {} : { copies: `${up}/${all}` }),
    ...(reason === undefined ? {} : { reason }),
    ...(resolved === undefined ? {} : { resolved }),
    ...told(healthOfAll(copies.flatMap((id) => health.of(id) ?? []))),
    ...breakerIn(copies.map(connections.breakerOf)),
  };
  return { ...item, status: { ...item.status, ...managed, ...seen } };
}

/** An instance as people see it: how its process fares, and how it answers. */
export function instanceResource({ connections, health }: Running, view: InstanceView): Resource {
  const { serverId: _, sleeps: _sleeps, ...fields } = view;
  const speaks = view.state === "RUNNING";
  return { ...fields, ...(speaks ? told(health.of(view.id)) : {}), ...breakerIn([connections.breakerOf(view.id)]) };
}

const told = (verdict: Verdict | undefined) =>
  verdict === undefined
    ? {}
    : {
        health: verdict.health,
        probedAt: new Date(verdict.probedAt).toISOString(),
        ...(verdict.reason === undefined ? {} : { probeReason: verdict.reason }),
        nextProbeAt: new Date(verdict.nextProbeAt).toISOString(),
      };

const order = ["open", "half-open", "closed"] as const;

/** Of several copies, that which is worst off. */
function breakerIn(breakers: readonly (BreakerView | undefined)[]): { breaker?: BreakerView } {
  const [worst] = breakers
    .flatMap((breaker) => breaker ?? [])
    .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || b.failures - a.failures);
  return worst === undefined ? {} : { breaker: worst };
}

/** The gateway's idea of a server, out of its resource. */
export const serverRef = (item: Resource): ServerRef => {
  const { id, name, version, createdAt: _created, updatedAt: _updated, status: _status, ...fields } = item;
  return { id, name, version, fields: fields as unknown as ServerFields };
};
