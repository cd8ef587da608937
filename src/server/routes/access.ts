import { Type } from "@sinclair/typebox";
import { openSession } from "../../auth/session.ts";
import { expiryOf } from "../../auth/ttl.ts";
import { Problem } from "../../lib/problem.ts";
import type { Decision } from "../../rbac/evaluate.ts";
import { type Attempt, missingFor } from "../../rbac/evaluate.ts";
import { explain } from "../../rbac/explain.ts";
import { demandOperation, judgeOperation } from "../../rbac/judge.ts";
import { attemptOn, type Permission } from "../../rbac/permissions.ts";
import { decideCall, type Rights } from "../../rbac/rights.ts";
import { oneOf } from "../../resources/define.ts";
import { findKind } from "../../resources/index.ts";
import { unknownKind } from "../../resources/parse.ts";
import { actions, showBinding } from "../../resources/rbac.ts";
import { ServiceAccount } from "../../resources/service-account.ts";
import type { Op } from "../../storage/op.ts";
import { readJson } from "../body.ts";
import type { Rooms } from "../rooms.ts";
import { asCaller, type Route } from "../route.ts";
import { rightsOrRefusal, subjectRights } from "../subject-rights.ts";

export const shownPermission = ({ binding, from, via }: Permission) => ({
  binding: showBinding(binding),
  from,
  ...(via === undefined ? {} : { via }),
});

const verbs = ["view", "create", "update", "delete", "run"] as const;
type Question = {
  verb?: (typeof verbs)[number];
  resource?: string;
  name?: string;
  project?: string;
  action?: string;
  as?: string;
};

/** Who may do what, and why. */
export const accessRoutes: Route[] = [
  {
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
        as: Type.Optional(
          Type.String({ description: "User:ADDRESS, Group:NAME, ServiceAccount:NAME or McpToken:SHA" }),
        ),
      }),
    handle: async (call, rooms) => {
      const question = questionOf(await readJson(call.request));
      return await asCaller("read", call, rooms, function* (own) {
        if (question.as === undefined) return yield* answerFor(question, own, rooms);
        demandOperation(own, "impersonate");
        const asked = yield* rightsOrRefusal(question.as, rooms.clock.now());
        if ("layers" in asked) return yield* answerFor(question, asked, rooms);
        const right = missingFor(attemptOf(question));
        return { allowed: false, subject: question.as, right, missing: right, because: asked.refused, layers: [] };
      });
    },
  },
  ...(["users", "groups", "serviceaccounts", "mcptokens"] as const).map(
    (plural): Route => ({
      method: "GET",
      path: `/api/v1/${plural}/:ref/rights`,
      permission: { store: { verb: "view", resource: plural } },
      tag: plural,
      summary: "Every right, direct and through groups, and which definition gives it",
      ...(plural === "mcptokens" ? { query: { project: "The token's project" } } : {}),
      handle: (call, rooms) =>
        asCaller("read", call, rooms, function* (rights) {
          const kind = findKind(plural);
          if (kind === undefined) throw unknownKind(plural);
          const project = call.query.get("project") ?? undefined;
          const item = yield* rooms.store.get(rights, kind, call.params["ref"] ?? "", project);
          return yield* subjectRights(rights, kind, item, rooms.clock.now());
        }),
    }),
  ),
  {
    method: "POST",
    path: "/api/v1/serviceaccounts/:ref/sessions",
    permission: { store: { verb: "update", resource: "serviceaccounts" } },
    tag: ServiceAccount.plural,
    summary: "A login for a service account, shown this once; whoever asks must hold all that the account holds",
    body: () =>
      Type.Object({
        ttl: Type.Optional(Type.String({ description: "30d, 12h, never, or an ISO 8601 instant; 90d when absent" })),
        label: Type.Optional(Type.String({ maxLength: 200, description: "What it is for" })),
      }),
    status: 201,
    handle: async (call, rooms) => {
      const { ttl, label } = loginOf(await readJson(call.request));
      const now = rooms.clock.now();
      const expiresAt = expiryOf(ttl, now);
      return await asCaller("write", call, rooms, function* (rights) {
        const account = yield* rooms.store.takeOver(rights, ServiceAccount, call.params["ref"] ?? "");
        const token = yield* openSession(rooms.hashKey, account.id, label, now, expiresAt);
        return {
          serviceaccount: account.name,
          token,
          ...(expiresAt === null ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
        };
      });
    },
  },
];

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

function* answerTo(question: Question, rights: Rights, { store }: Rooms): Op<Decision> {
  const { verb = "view", resource = "", name, project, action } = question;
  if (action !== undefined) return judgeOperation(rights, action);
  if (resource === "tools") return decideCall(rights, name ?? "*/*", project ?? "");
  const kind = findKind(resource);
  if (kind === undefined) throw unknownKind(resource);
  return yield* store.ask(rights, verb, kind, name, project);
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

function loginOf(body: unknown): { ttl: string | undefined; label: string } {
  const { ttl, label = "service account", ...rest } = (body ?? {}) as Record<string, unknown>;
  const fine = (ttl === undefined || typeof ttl === "string") && typeof label === "string" && label.length <= 200;
  if (!fine || Object.keys(rest).length > 0) throw new Problem("invalid", "The body is {ttl?: DURATION, label?: TEXT}");
  return { ttl, label };
}
