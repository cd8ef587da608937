import * as Type from "../../lib/type.ts";
import { kinds } from "../../resources/index.ts";
import { aboutOf } from "../about.ts";
import { asCaller, type Route } from "../route.ts";
import { named } from "./resources.ts";

const related = (description: string) =>
  Type.Array(Type.Object({ kind: Type.String(), name: Type.String(), project: Type.Optional(Type.String()) }), {
    description,
  });

/** What `describe` tells of a resource besides itself. */
export const aboutRoutes: Route[] = kinds.map((kind) => ({
  method: "GET",
  path: `/api/v1/${kind.plural}/:ref/about`,
  permission: { store: { verb: "view", resource: kind.plural } },
  tag: kind.plural,
  summary:
    "What it uses and what uses it, who was given rights to it, and its last changes; as far as the caller may view them",
  query: "project" in kind.fields.properties ? { project: "Only of this project" } : {},
  answer: () =>
    Type.Object({
      uses: related("What it refers to"),
      usedBy: related("What refers to it"),
      moreUsers: Type.Integer({ description: "How many more do" }),
      rights: Type.Array(Type.Object({ subject: Type.String(), right: Type.String(), from: Type.String() }), {
        description: "Who was given what, and by which definition",
      }),
      hiddenRights: Type.Integer({
        description: "How many definitions give rights to it that the caller may not view",
      }),
      events: Type.Optional(
        Type.Array(Type.Object({}, { additionalProperties: true }), {
          description: "Its last changes, newest first; absent for who may not read the audit log",
        }),
      ),
    }),
  handle: (call, rooms) =>
    asCaller("read", call, rooms, function* (rights) {
      return yield* aboutOf(rights, kind, yield* named(rights, kind, call, rooms), rooms);
    }),
}));
