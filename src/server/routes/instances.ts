import { Problem } from "../../lib/problem.ts";
import { demandOperation } from "../../rbac/judge.ts";
import type { Rights } from "../../rbac/rights.ts";
import type { AnyKind } from "../../resources/define.ts";
import { Instance } from "../../resources/instance.ts";
import { Server } from "../../resources/server.ts";
import { followed } from "../followed.ts";
import type { Rooms } from "../rooms.ts";
import type { Call, Route } from "../route.ts";
import { find } from "./resources.ts";

const mostLines = 10_000;
const query = { tail: "How many of the last lines; 100 when absent", follow: "true to go on with what comes" };

export const instanceRoutes: Route[] = [
  logsRoute(Instance, async (call, rooms) => (await find(Instance, call, rooms)).id),
  logsRoute(Server, async (call, rooms) => {
    const server = await find(Server, call, rooms);
    const instance = rooms.instances().find((candidate) => candidate["server"] === server.name);
    if (instance === undefined)
      throw new Problem("not_found", `server "${server.name}" has no instance of ours`, {
        hint: `mcpctl describe server ${server.name}`,
      });
    return instance.id;
  }),
];

/** Logs are an operation of their own: what a server prints may hold what its caller sent. */
function logsRoute(kind: AnyKind, instanceOf: (call: Call, rooms: Rooms) => Promise<string>): Route {
  return {
    method: "GET",
    path: `/api/v1/${kind.plural}/:ref/logs`,
    permission: { operation: "logs" },
    tag: kind.plural,
    summary: `The last lines a ${kind.kind} wrote to standard error`,
    query,
    mediaType: "text/plain",
    handle: async (call, rooms) => {
      const tail = tailOf(call.query.get("tail"));
      const id = await instanceOf(call, rooms);
      const lines = rooms.supervisor.logs(id, tail).map((line) => `${line}\n`);
      const headers = {
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
      };
      if (call.query.get("follow") !== "true") return new Response(lines.join(""), { headers });
      call.keepOpen();
      const mayGoOn = function* (rights: Rights) {
        demandOperation(rights, "logs");
        yield* rooms.store.get(rights, kind, call.params["ref"] ?? "");
      };
      return new Response(
        followed(lines.join(""), rooms.stopSignal, (line, end) => {
          // First what may refuse: nothing is followed then.
          const release = rooms.watch.keep(call.bearer, mayGoOn, end);
          const unsubscribe = rooms.supervisor.follow(id, line);
          return () => {
            unsubscribe();
            release();
          };
        }),
        { headers },
      );
    },
  };
}

function tailOf(text: string | null): number {
  const tail = Number(text ?? 100);
  if (Number.isInteger(tail) && tail >= 0 && tail <= mostLines) return tail;
  throw new Problem("invalid", `tail is a number from 0 to ${mostLines}`);
}
