import { Problem } from "../../lib/problem.ts";
import { demandOn, demandOperation } from "../../rbac/judge.ts";
import type { Rights } from "../../rbac/rights.ts";
import { type AnyKind, aKind, type Resource } from "../../resources/define.ts";
import { Instance } from "../../resources/instance.ts";
import { isManaged, Server } from "../../resources/server.ts";
import type { Op } from "../../storage/op.ts";
import { findResource } from "../../storage/resources.ts";
import { instantOf, wholeNumber } from "../audit-query.ts";
import { followed } from "../followed.ts";
import { logWriter, merged } from "../log-text.ts";
import type { Rooms } from "../rooms.ts";
import type { Call, Route } from "../route.ts";
import { serverRef } from "../status.ts";
import { find } from "./resources.ts";

const mostLines = 20_000;
const fewLines = 100;

const query = {
  tail: `How many of the last lines; ${fewLines}, or all that are kept with since or previous`,
  since: "Only what came after an ISO 8601 instant, or so long ago: 30s, 10m, 12h",
  previous: "true for what the run before the present one wrote",
  timestamps: "true to have the time before each line",
  follow: "true to go on with what comes",
};

export const instanceRoutes: Route[] = [logsRoute(Instance), logsRoute(Server)];

/** Logs are an operation of their own: what a server prints may hold what its caller sent. */
function logsRoute(kind: AnyKind): Route {
  return {
    method: "GET",
    path: `/api/v1/${kind.plural}/:ref/logs`,
    permission: { operation: "logs" },
    tag: kind.plural,
    summary: `What ${aKind(kind)} wrote to standard error, and what else it printed, with its secrets blotted out`,
    query,
    mediaType: "text/plain",
    handle: async (call, rooms) => {
      const wanted = wantedOf(call, rooms.clock.now());
      const item = await find(kind, call, rooms);
      const { serverId, instance } = whoseOf(kind, item, rooms);
      const copies = () =>
        rooms.supervisor.logs.of(serverId).filter((copy) => (instance ?? copy.instance) === copy.instance);
      if (wanted.previous && !copies().some(({ ring }) => ring.runs() > 1))
        throw new Problem("not_found", `${kind.kind} "${item.name}" was not started before its present run`, {
          hint: `mcpctl logs ${kind.kind}/${item.name}`,
        });
      const write = logWriter({ timestamps: wanted.timestamps, prefix: () => copies().length > 1 });
      const kept = copies().map((copy) => ({ instance: copy.instance, lines: copy.ring.lines(wanted) }));
      const lines = merged(kept, wanted.tail).flatMap(({ instance, line }) => write(instance, line));
      const text = lines.map((line) => `${line}\n`).join("");
      if (!wanted.follow) return new Response(text, { headers });
      call.keepOpen();
      const mayGoOn = (rights: Rights) => mayFollow(rights, kind, item, serverId, rooms);
      const body = followed(text, rooms.stopSignal, (line, end) => {
        // First what may refuse: nothing is followed then.
        const release = rooms.watch.keep(call.bearer, mayGoOn, end);
        const unsubscribe = rooms.supervisor.logs.follow(serverId, (from, event) => {
          if ((instance ?? from) === from) for (const text of write(from, event)) line(text);
        });
        return () => {
          unsubscribe();
          release();
        };
      });
      return new Response(body, { headers });
    },
  };
}

const headers = {
  "content-type": "text/plain; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

/** The server, and which of its copies where only one is meant. By name: the instance that comes next in its place goes on in the same log. */
function whoseOf(kind: AnyKind, item: Resource, { supervisor }: Rooms): { serverId: string; instance?: string } {
  if (kind === Instance) {
    const serverId = supervisor.list().find(({ id }) => id === item.id)?.serverId;
    if (serverId !== undefined) return { serverId, instance: item.name };
  } else if (isManaged(serverRef(item).fields)) return { serverId: item.id };
  throw new Problem("not_found", `${kind.kind} "${item.name}" runs elsewhere: mcpctl has no log of it`, {
    hint: `mcpctl describe ${kind.kind} ${item.name}`,
  });
}

/** An instance may be gone for the moment between its end and that of its successor; its server may not. */
function* mayFollow(rights: Rights, kind: AnyKind, item: Resource, serverId: string, { store }: Rooms): Op<void> {
  demandOperation(rights, "logs");
  const name = kind === Server ? item.name : String(item["server"]);
  if (kind === Server) yield* store.get(rights, kind, item.name);
  else demandOn(rights, "view", kind, item.name, item);
  const server = yield* findResource("server", name);
  if (server?.id !== serverId) throw new Problem("not_found", `server "${name}" is gone`);
}

function wantedOf({ query }: Call, now: number) {
  const since = instantOf("since", query.get("since") ?? undefined, now);
  const is = (name: string) => {
    const word = query.get(name) ?? "false";
    if (word === "true" || word === "false") return word === "true";
    throw new Problem("invalid", `${name} is true or false`);
  };
  const previous = is("previous");
  const follow = is("follow");
  if (previous && follow) throw new Problem("invalid", "the previous run is over: there is nothing to follow");
  const all = previous || since !== undefined ? mostLines : fewLines;
  const tail = wholeNumber("tail", query, { least: 0, most: mostLines }) ?? all;
  return { since, previous, follow, timestamps: is("timestamps"), tail };
}
