import { Problem } from "../lib/problem.ts";
import { viewOf } from "../rbac/judge.ts";
import type { Rights } from "../rbac/rights.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { Project, type ProjectFields, serverNames } from "../resources/project.ts";
import { parseSelector } from "../resources/selector.ts";
import { Server } from "../resources/server.ts";
import type { Op } from "../storage/op.ts";
import { wholeNumber } from "./audit-query.ts";
import { withoutWords } from "./own-words.ts";
import type { Rooms } from "./rooms.ts";
import { asCaller, type Call } from "./route.ts";
import { visibleServers, withWarnings } from "./warnings.ts";

/** What is asked for at once by `limit`, at most. */
const mostInPage = 1_000;
const longestCursor = 1_024;

const isOfServer = (kind: AnyKind): boolean => "server" in kind.fields.properties;
const hasLabels = (kind: AnyKind): boolean => "labels" in kind.fields.properties;

/** The query of a kind's list, as the document describes it. */
export const listQuery = (kind: AnyKind): Record<string, string> => ({
  ...(isOfServer(kind)
    ? { server: "Only of this server", project: "Only of the servers of this project" }
    : "project" in kind.fields.properties
      ? { project: "Only of this project; empty for what is of none" }
      : {}),
  ...(hasLabels(kind) ? { labels: "Only those whose labels fit: KEY=VALUE, KEY!=VALUE, KEY, !KEY, with commas" } : {}),
  limit: `How many at most, up to ${mostInPage}; \`next\` then is the cursor of what follows. All of them when absent`,
  cursor: "Go on where a page ended: its `next`",
  watch:
    "true to answer NDJSON without end: a line for each, one that says all were told, then one for each change; blank lines in between show that it is alive",
});

/** A part of a list, read as one piece. `next` is the place of its last item, where more follow. */
export type Part = { items: Resource[]; next?: string };
export type Lister = (after: string, limit: number) => Promise<Part>;

/**
 * The list that a request asks for, part by part: each with the caller's rights of that moment, and as the caller may see it.
 * @throws Problem `invalid` for a query that makes no sense
 */
export function lister(kind: AnyKind, call: Call, rooms: Rooms): Lister {
  const { query } = call;
  const labels = query.get("labels");
  const fits = labels === null ? undefined : parseSelector(labels);
  return async (after, limit) => {
    const { part, visible } = await asCaller("read", call, rooms, function* (rights) {
      const { project, chosen } = yield* scopeOf(rights, kind, query, rooms);
      const page = yield* rooms.store.page(rights, kind, {
        project,
        after,
        limit,
        chosen: (item) => chosen(item) && (fits === undefined || fits(item["labels"] as Record<string, string>)),
      });
      const items: Resource[] = [];
      for (const item of page.items)
        items.push(yield* withWarnings(rooms, rights, kind, withoutWords(rights, kind, item)));
      return { part: { ...page, items }, visible: yield* serversOf(rights, kind, items, rooms) };
    });
    return { ...part, items: part.items.map((item) => rooms.withStatus(kind, item, visible)) };
  };
}

/** What belongs to a server is listed by that, or by a project whose servers they are. */
function* scopeOf(
  rights: Rights,
  kind: AnyKind,
  query: URLSearchParams,
  { store }: Rooms,
): Op<{ project?: string; chosen: (item: Resource) => boolean }> {
  const project = query.get("project");
  const everything = () => true;
  if (!isOfServer(kind)) return { ...(project !== null && { project }), chosen: everything };
  const server = query.get("server");
  const within = project === null ? undefined : yield* store.get(rights, Project, project);
  const servers = within && new Set(serverNames(within as unknown as ProjectFields));
  return {
    chosen: (item) =>
      (server === null || item["server"] === server) && (servers === undefined || servers.has(String(item["server"]))),
  };
}

/** Of projects the servers that they name, as far as the caller may view them: a project's state is theirs. */
export function* serversOf(
  rights: Rights,
  kind: AnyKind,
  items: readonly Resource[],
  rooms: Rooms,
): Op<ReadonlyMap<string, Resource>> {
  if (kind !== Project || viewOf(rights, Server) === undefined) return new Map();
  const names = new Set(items.flatMap((item) => serverNames(item as unknown as ProjectFields)));
  return yield* visibleServers(rooms.store, rights, names);
}

/** @throws Problem `invalid` */
export function limitIn(query: URLSearchParams): number | undefined {
  return wholeNumber("limit", query, { least: 1, most: mostInPage });
}

/** What a client is given to go on with, and what comes back: a place in the list, in a form that is nobody's business. */
export const cursorOf = (place: string): string => Buffer.from(place).toString("base64url");

/** @throws Problem `invalid` */
export function placeIn(query: URLSearchParams): string {
  const cursor = query.get("cursor") ?? "";
  const place = Buffer.from(cursor, "base64url").toString();
  if (cursor.length <= longestCursor && cursorOf(place) === cursor) return place;
  throw new Problem("invalid", "the cursor is none that a page of this list ended with", {
    hint: "begin again without it",
  });
}
