import type { Supervisor } from "../instances/supervisor.ts";
import type { Catalog } from "../mcp/catalog/catalog.ts";
import type { Connections, ServerRef } from "../mcp/upstream/connections.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { isManaged, type ServerFields } from "../resources/server.ts";

type Running = { supervisor: Supervisor; connections: Connections; catalog: Catalog };

/** A server's state as people see it: that of its instance, or of the connection when somebody else runs it. */
export function withStatus({ supervisor, connections, catalog }: Running, kind: AnyKind, item: Resource): Resource {
  if (kind.kind !== "server") return item;
  const server = serverRef(item);
  const tools = catalog.toolsOf(item.id);
  const waiting = catalog.waiting(item.id);
  const seen = {
    ...connections.spokenOf(server),
    ...(tools === undefined ? {} : { tools }),
    ...(waiting === 0 ? {} : { toolChanges: waiting }),
  };
  if (!isManaged(server.fields))
    return { ...item, status: { ...item.status, ...connections.stateOf(server), ...seen } };
  const { state, running, copies, reason, resolved } = supervisor.fareOf(item.id);
  const fare = {
    state,
    ...(copies < 2 ? {} : { copies: `${running}/${copies}` }),
    ...(reason === undefined ? {} : { reason }),
    ...(resolved === undefined ? {} : { resolved }),
  };
  return { ...item, status: { ...fare, ...seen } };
}

/** The gateway's idea of a server, out of its resource. */
export const serverRef = (item: Resource): ServerRef => {
  const { id, name, version, createdAt: _created, updatedAt: _updated, status: _status, ...fields } = item;
  return { id, name, version, fields: fields as unknown as ServerFields };
};
