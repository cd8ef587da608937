import { isObject } from "../../lib/object.ts";
import { Problem } from "../../lib/problem.ts";
import type { Rights } from "../../rbac/rights.ts";
import { type AnyKind, aKind, type Resource } from "../../resources/define.ts";
import { kinds } from "../../resources/index.ts";
import { type Manifest, manifestSchema, parseManifest } from "../../resources/parse.ts";
import { Project } from "../../resources/project.ts";
import type { Op } from "../../storage/op.ts";
import { readJson } from "../body.ts";
import { cursorOf, limitIn, lister, listQuery, placeIn, serversOf } from "../listing.ts";
import { streamed, wantsLines } from "../listing-stream.ts";
import { withoutWords } from "../own-words.ts";
import { patch, patchSchema } from "../patching.ts";
import type { Rooms } from "../rooms.ts";
import { asCaller, type Call, type Route } from "../route.ts";
import { save } from "../saving.ts";
import { withToolBudget } from "../tool-budget.ts";
import { withWarnings } from "../warnings.ts";

/** The routes that every kind gets, as far as its verbs go. */
export const resourceRoutes = (): Route[] => kinds.flatMap(routesOf);

function routesOf(kind: AnyKind): Route[] {
  const path = `/api/v1/${kind.plural}`;
  const inProject = "project" in kind.fields.properties ? { project: "Only of this project" } : {};
  const store = (verb: "view" | "create" | "update" | "delete") => ({ store: { verb, resource: kind.plural } });
  const all: (Route & { verb: AnyKind["verbs"][number] })[] = [
    {
      verb: "list",
      method: "GET",
      path,
      permission: store("view"),
      summary: `List ${kind.plural}; with Accept: application/x-ndjson one a line, as they are read`,
      tag: kind.plural,
      query: listQuery(kind),
      handle: (call, rooms) => list(kind, call, rooms),
    },
    {
      verb: "get",
      method: "GET",
      path: `${path}/:ref`,
      permission: store("view"),
      summary: `Get one ${kind.kind}, by name or id`,
      tag: kind.plural,
      query: inProject,
      handle: async (call, rooms) => {
        const { item, visible } = await asCaller("read", call, rooms, function* (rights) {
          const found = yield* named(rights, kind, call, rooms);
          const item = yield* withWarnings(rooms, rights, kind, withoutWords(rights, kind, found));
          return { item, visible: yield* serversOf(rights, kind, [item], rooms) };
        });
        const shown = rooms.withStatus(kind, item, visible);
        return kind === Project ? await withToolBudget(rooms, shown, [...visible.values()]) : shown;
      },
    },
    {
      verb: "create",
      method: "POST",
      path,
      permission: store("create"),
      summary: `Create ${aKind(kind)}`,
      tag: kind.plural,
      body: () => manifestSchema(kind),
      status: 201,
      handle: async (call, rooms) => save(await given(kind, call), "create", call, rooms),
    },
    {
      verb: "update",
      method: "PUT",
      path: `${path}/:ref`,
      permission: store("update"),
      summary: `Create or replace ${aKind(kind)}; with If-Match: VERSION only that version`,
      tag: kind.plural,
      query: inProject,
      body: () => manifestSchema(kind),
      handle: async (call, rooms) => save(await given(kind, call), "apply", call, rooms, expectedVersion(call.request)),
    },
    {
      verb: "update",
      method: "PATCH",
      path: `${path}/:ref`,
      permission: store("update"),
      summary: `Change some fields of ${aKind(kind)}, as a JSON merge patch (RFC 7396); with If-Match: VERSION only that version`,
      tag: kind.plural,
      query: inProject,
      body: () => patchSchema(kind),
      handle: (call, rooms) => patch(kind, call, rooms, expectedVersion(call.request)),
    },
    {
      verb: "delete",
      method: "DELETE",
      path: `${path}/:ref`,
      permission: store("delete"),
      summary: `Delete ${aKind(kind)}`,
      tag: kind.plural,
      query: inProject,
      handle: async (call, rooms) => {
        const { ref = "" } = call.params;
        const project = call.query.get("project") ?? undefined;
        const gone = await asCaller("write", call, rooms, (rights) => rooms.store.remove(rights, kind, ref, project));
        await rooms.changed(kind, gone);
        const action = kind.deleted?.(gone);
        return { kind: kind.kind, name: gone.name, id: gone.id, ...(action === undefined ? {} : { action }) };
      },
    },
  ];
  return all.filter(({ verb }) => kind.verbs.includes(verb));
}

/** All of a list, a page of it, or what becomes of it. */
async function list(kind: AnyKind, call: Call, rooms: Rooms): Promise<unknown> {
  const { query, request } = call;
  const watch = query.get("watch") ?? "false";
  const limit = limitIn(query);
  const after = placeIn(query);
  if (watch !== "true" && watch !== "false") throw new Problem("invalid", "watch is true or false");
  if (watch === "true") {
    if (limit !== undefined || after !== "") throw new Problem("invalid", "what is watched is watched whole");
    return await rooms.listWatch.open(kind, call, rooms);
  }
  const read = lister(kind, call, rooms);
  if (limit === undefined && wantsLines(request)) return await streamed(read, after);
  const { items, next } = await read(after, limit ?? Number.POSITIVE_INFINITY);
  return { items, ...(next === undefined ? {} : { next: cursorOf(next) }) };
}

/** The resource a route names, if the caller may view it. @throws Problem */
export function find(kind: AnyKind, call: Call, rooms: Rooms): Promise<Resource> {
  return asCaller("read", call, rooms, (rights) => named(rights, kind, call, rooms));
}

export const named = (rights: Rights, kind: AnyKind, { params, query }: Call, { store }: Rooms): Op<Resource> =>
  store.get(rights, kind, params["ref"] ?? "", query.get("project") ?? undefined);

async function given(kind: AnyKind, call: Call): Promise<Manifest> {
  const manifest = parseManifest(kind, await inAddress(kind, call));
  const { ref } = call.params;
  if (ref !== undefined && ref !== manifest.name) {
    throw new Problem("invalid", "The name in the body is not the one in the address", {
      fields: [{ path: "/name", message: "does not match the address" }],
    });
  }
  return manifest;
}

/** The body, with the project that the address names; one that says another contradicts itself. */
async function inAddress(kind: AnyKind, { request, query }: Call): Promise<unknown> {
  const body = await readJson(request);
  const project = query.get("project");
  if (project === null || !isObject(body)) return body;
  const said = body["project"] ?? (kind.scopes === undefined ? project : "");
  if (body["project"] === undefined && project !== "") return { ...body, project };
  if (said === project) return body;
  throw new Problem("invalid", "The project in the body is not the one in the address", {
    fields: [{ path: "/project", message: "does not match the address" }],
  });
}

function expectedVersion(request: Request): number | undefined {
  const header = request.headers.get("if-match");
  if (header === null) return undefined;
  const version = Number(header.replaceAll('"', ""));
  if (!Number.isSafeInteger(version)) throw new Problem("invalid", "If-Match takes a version, a whole number");
  return version;
}
