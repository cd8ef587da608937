import { Problem } from "../../lib/problem.ts";
import * as Type from "../../lib/type.ts";
import { type Attempt, type Decision, missingFor } from "../../rbac/evaluate.ts";
import { explain } from "../../rbac/explain.ts";
import { demandOperation, judgeOperation } from "../../rbac/judge.ts";
import { attemptOn } from "../../rbac/permissions.ts";
import { decideCall, type Rights } from "../../rbac/rights.ts";
import { present } from "../../rbac/source.ts";
import { oneOf } from "../../resources/define.ts";
import { findKind } from "../../resources/index.ts";
import { actions } from "../../resources/rbac.ts";
import { unknownKind } from "../../resources/unknown-kind.ts";
import type { Op } from "../../storage/op.ts";
import { findResource } from "../../storage/resources.ts";
import { readJson } from "../body.ts";
import type { Rooms } from "../rooms.ts";
import { asCaller, type Route } from "../route.ts";
import { serverRef } from "../status.ts";
import { rightsOrRefusal, shownPermission } from "../subject-rights.ts";

const verbs = ["view", "create", "update", "delete", "run"] as const;
type Question = {
  verb?: (typeof verbs)[number];
  resource?: string;
  name?: string;
  project?: string;
  action?: string;
  as?: string;
};

/** May I, may they, and why. */
export const canIRoute: Route = {
  method: "POST",
  path: "/api/v1/auth/can-i",
  permission: "authenticated",
  tag: "auth",
  summary:
    "Whether the caller (or `as`, with the right action:impersonate) may do something, what allows it or what is missing",
  body: () =>
    Type.Object({
      verb: Type.Optional(oneOf(verbs, "What would be done to a resource")),
      resource: Type.Optional(Type.String({ description: "A kind, or tools" })),
      name: Type.Optional(Type.String({ description: "Only this one; SERVER/TOOL for tools" })),
      project: Type.Optional(Type.String({ description: "The project it would be in" })),
      action: Type.Optional(oneOf(actions, "An operation, in place of verb and resource")),
      as: Type.Optional(Type.String({ description: "User:ADDRESS, Group:NAME, ServiceAccount:NAME or McpToken:SHA" })),
    }),
  handle: async (call, rooms) => {
    const question = questionOf(await readJson(call.request));
    return await asCaller("read", call, rooms, function* (own) {
      if (question.as === undefined) return confided(own, yield* answerFor(question, own, rooms));
      demandOperation(own, "impersonate");
      const asked = yield* rightsOrRefusal(question.as, rooms.clock.now());
      if ("layers" in asked) return yield* answerFor(question, asked, rooms);
      const right = missingFor(attemptOf(question));
      return { allowed: false, subject: question.as, right, missing: right, because: asked.refused, layers: [] };
    });
  },
};

function questionOf(body: unknown): Question {
  const question = (body ?? {}) as Question;
  const strings = Object.values(question).every((value) => typeof value === "string" && value.length <= 256);
  const known = Object.keys(question).every((key) =>
    ["verb", "resource", "name", "project", "action", "as"].includes(key),
  );
  const whole = question.action !== undefined || (question.verb !== undefined && question.resource !== undefined);
  if (!strings || !known || !whole)
    throw new Problem("invalid", "The body is {verb, resource, name?, project?, as?} or {action, as?}");
  if (question.action !== undefined && !(actions as readonly string[]).includes(question.action))
    throw new Problem("invalid", `there is no such action; there are ${actions.join(", ")}`);
  if (question.verb !== undefined && !verbs.includes(question.verb))
    throw new Problem("invalid", `there is no such verb; there are ${verbs.join(", ")}`);
  return question;
}

function attemptOf({ verb = "view", resource = "", name, project, action }: Question): Attempt {
  if (action !== undefined) return { action };
  if (resource === "tools") return { call: name ?? "*/*", ...(project === undefined ? {} : { project }) };
  return attemptOn(verb, findKind(resource)?.plural ?? resource, name);
}

function* answerFor(question: Question, rights: Rights, rooms: Rooms) {
  return shownAnswer(rights, attemptOf(question), yield* answerTo(question, rights, rooms));
}

function* answerTo(question: Question, rights: Rights, rooms: Rooms): Op<Decision> {
  const { verb = "view", resource = "", name, project, action } = question;
  if (action !== undefined) return judgeOperation(rights, action);
  if (resource === "tools") return yield* answerToCall(name ?? "*/*", project ?? "", rights, rooms);
  const kind = findKind(resource);
  if (kind === undefined) throw unknownKind(resource);
  return yield* rooms.store.ask(rights, verb, kind, name, project);
}

/** With what the gateway asks of a tool besides the rights to it. */
function* answerToCall(call: string, project: string, rights: Rights, { catalog }: Rooms): Op<Decision> {
  const decision = decideCall(rights, call, project);
  if (!decision.allowed) return decision;
  const [, serverName = "", tool = ""] = /^([^/]*)\/(.*)$/s.exec(call) ?? [];
  const row = yield* findResource("server", serverName);
  const server = row === undefined ? undefined : serverRef(present(row));
  const variant = server === undefined ? undefined : catalog.variantWith(server.id, tool);
  const onToolChange = (yield* findResource("project", project))?.fields["onToolChange"];
  const held =
    server === undefined || onToolChange !== "quarantine" ? undefined : catalog.heldBack(server, tool, variant);
  if (held !== undefined && !tool.includes("*"))
    return { allowed: false, missing: `tool ${call}`, who: `project ${project}`, because: held };
  if (!rights.filters.some(({ readOnly }) => readOnly)) return decision;
  const text = server === undefined ? undefined : catalog.toolText(server.id, tool, variant);
  if (server !== undefined && text !== undefined && catalog.isReadOnly(server, tool, text, variant)) return decision;
  const because = "it is for tools that change nothing (--read-only), and this one never said so";
  return { allowed: false, missing: `tool ${call}`, who: "the token", because };
}

/**
 * What comes near in the layers behind a token speaks of its owner's other projects, which are beyond its wall: of a refusal it learns who
 * lacks what, and what it was given itself.
 */
function confided<A extends ReturnType<typeof shownAnswer>>({ project }: Rights, answer: A): A {
  return project === undefined || answer.allowed ? answer : { ...answer, layers: answer.layers.slice(0, 1) };
}

function shownAnswer(rights: Rights, attempt: Attempt, decision: Decision) {
  return {
    allowed: decision.allowed,
    subject: rights.subject,
    right: missingFor(attempt),
    ...(decision.allowed
      ? { by: decision.by.map(({ who, ...permission }) => ({ who, ...shownPermission(permission) })) }
      : {
          missing: decision.missing,
          who: decision.who,
          ...(decision.because === undefined ? {} : { because: decision.because }),
        }),
    layers: explain(rights.layers, attempt).map(({ who, by, near }) => ({
      who,
      by: by.map(shownPermission),
      near: near.map((one) => ({ ...shownPermission(one), lacks: one.lacks })),
    })),
  };
}
