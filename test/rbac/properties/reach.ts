import { type Attempt, decide, type Layer, type ResourceVerb } from "../../../src/rbac/evaluate.ts";
import { judge, judgeOperation } from "../../../src/rbac/judge.ts";
import { decideCall, type Rights } from "../../../src/rbac/rights.ts";
import { present } from "../../../src/rbac/source.ts";
import type { Resource } from "../../../src/resources/define.ts";
import type { Op } from "../../../src/storage/op.ts";
import { findResource } from "../../../src/storage/resources.ts";
import { kindOf } from "./small-world.ts";

/** What somebody may do, one flag for each thing of this list; a name that nobody bears tells "any" from "these". */
const verbs: ResourceVerb[] = ["view", "create", "update", "delete", "run"];
const namesOf = { server: ["a", "b", "fresh"], project: ["a", "b"], rbac: ["a", "fresh"], mcptoken: ["a", "b"] };
const deeds = Object.entries(namesOf).flatMap(([word, names]) =>
  verbs.flatMap((verb) => names.map((name) => ({ verb, kind: kindOf(word), name }))),
);
const operations = ["logs", "servers-execute", "backup"];
const calls = ["a/x", "a/y", "b/x"];
const projects = ["a", "b", "fresh"];

const attempts: Attempt[] = [
  ...deeds.map(({ verb, kind, name }) => ({ verb, resource: kind.plural, name })),
  ...operations.map((action) => ({ action })),
  ...calls.flatMap((call) => projects.map((project) => ({ call, project }))),
];
export type Reach = readonly boolean[];
export const nothing: Reach = attempts.map(() => false);
export const both = (one: Reach, other: Reach): Reach => one.map((flag, index) => flag || other[index] === true);
/** The first thing that is in one and not in the other. */
export const beyond = (one: Reach, other: Reach): Attempt | undefined =>
  attempts[one.findIndex((flag, index) => flag && !other[index])];

/** What layers hold, whatever walls stand around them. */
export const held = (layers: readonly Layer[]): Reach => attempts.map((attempt) => decide(layers, attempt).allowed);

/** Every project with its servers, and every server: what a token's wall is made of. */
export type Things = { projects: Map<string, Resource>; servers: Map<string, Resource> };
export function* thingsNow(): Op<Things> {
  const things: Things = { projects: new Map(), servers: new Map() };
  for (const name of projects) {
    const [project, server] = [yield* findResource("project", name), yield* findResource("server", name)];
    if (project !== undefined) things.projects.set(name, present(project));
    if (server !== undefined) things.servers.set(name, present(server));
  }
  return things;
}

/** What the product answers: of a login as of a token, through `judge` and `decideCall`. Tokens are looked at as if named like their projects. */
export function reachOf(rights: Rights, things: Things): Reach {
  const itemOf = (kind: string, name: string) =>
    kind === "project"
      ? things.projects.get(name)
      : kind === "server"
        ? things.servers.get(name)
        : kind === "mcptoken"
          ? { name, project: name, ...(rights.project === undefined ? {} : { owner: rights.user }) }
          : { name };
  const offers = (project: string, call: string) =>
    (things.projects.get(project)?.["servers"] as string[] | undefined)?.includes(call.slice(0, call.indexOf("/"))) ===
    true;
  return [
    ...deeds.map(({ verb, kind, name }) => judge(rights, verb, kind, name, itemOf(kind.kind, name)).allowed),
    ...operations.map((action) => judgeOperation(rights, action).allowed),
    ...calls.flatMap((call) =>
      projects.map((project) => offers(project, call) && decideCall(rights, call, project).allowed),
    ),
  ];
}

/**
 * What people could call at first, however they would bring it about: in a project that offers it, or with a right to the tool itself in any.
 * The project it is called through is left out, since whoever may call a tool anywhere may put its server into a project.
 */
export function anywhere(reach: Reach, layers?: readonly Layer[]): Reach {
  const from = deeds.length + operations.length;
  return reach.map((flag, index) => {
    if (index < from) return flag;
    const call = Math.floor((index - from) / projects.length);
    const through = projects.some((_, n) => reach[from + call * projects.length + n]);
    return through || (layers !== undefined && decide(layers, { call: calls[call] ?? "" }).allowed);
  });
}

/** The most that a token of this project may ever reach, whatever it was given. */
export const inside = (project: string, offered: readonly string[]): Reach =>
  attempts.map((attempt) => {
    if ("action" in attempt) return attempt.action === "logs";
    if ("call" in attempt) return attempt.project === project;
    const { verb, resource, name = "" } = attempt;
    if (resource === "projects") return name === project && verb !== "create";
    if (resource === "servers") return verb === "view" && offered.includes(name);
    return resource === "mcptokens" && name === project && verb !== "run";
  });
