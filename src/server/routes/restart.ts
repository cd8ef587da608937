import type { AnyKind } from "../../resources/define.ts";
import { Instance } from "../../resources/instance.ts";
import { Server } from "../../resources/server.ts";
import type { Rooms } from "../rooms.ts";
import { asCaller, type Route } from "../route.ts";

/** Others take their places at once; the calls that are under way are answered first, within 25 s. */
export const restartRoutes: Route[] = [
  restartRoute(Server, "update", ({ supervisor, connections }, id) => {
    connections.letGo(id);
    return supervisor.restartServer(id);
  }),
  restartRoute(Instance, "delete", ({ supervisor }, id) => supervisor.restart(id)),
];

function restartRoute(
  kind: AnyKind,
  verb: "update" | "delete",
  restart: (rooms: Rooms, id: string) => Promise<void>,
): Route {
  return {
    method: "POST",
    path: `/api/v1/${kind.plural}/:ref/restart`,
    permission: { store: { verb, resource: kind.plural } },
    tag: kind.plural,
    summary: `Start the ${kind.kind} anew; calls that are under way are answered first`,
    handle: async (call, rooms) => {
      const item = await asCaller("write", call, rooms, function* (rights) {
        const item = yield* rooms.store.find(rights, kind, call.params["ref"] ?? "", verb);
        yield* rooms.record(rights, { kind, action: "restart", before: item, after: item });
        return item;
      });
      await restart(rooms, item.id);
      return { kind: kind.kind, name: item.name, id: item.id, state: "restarted" };
    },
  };
}
