import { callerOfToken } from "../auth/authenticate.ts";
import { subjectOf } from "../auth/subjects.ts";
import { Problem } from "../lib/problem.ts";
import { atomsOf, decide, type Layer } from "../rbac/evaluate.ts";
import { judge } from "../rbac/judge.ts";
import { getPermissions, type Permission } from "../rbac/permissions.ts";
import { heldBy, type Rights, rightsOf } from "../rbac/rights.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { Rbac, type SubjectKind, showBinding, subjectKinds } from "../resources/rbac.ts";
import type { Op } from "../storage/op.ts";

const subjectKindOf: Record<string, SubjectKind> = {
  user: "User",
  group: "Group",
  serviceaccount: "ServiceAccount",
  mcptoken: "McpToken",
};

/**
 * The rights of a subject as it would have them now, by its public name.
 * @throws Problem `invalid` for a subject that is none, `unauthenticated` for one that is refused altogether
 */
function* rightsOfSubject(text: string, now: number): Op<Rights> {
  const [prefix = "", name = ""] = text.includes(":") ? text.split(/:(.*)/s) : ["User", text];
  const kind = subjectKinds.find((known) => known.toLowerCase() === prefix.toLowerCase());
  if (kind === undefined)
    throw new Problem("invalid", `there is no such sort of subject; there are ${subjectKinds.join(", ")}`);
  const { subject } = yield* subjectOf(kind, name);
  const id = subject.slice(subject.indexOf(":") + 1);
  if (kind === "McpToken") return yield* rightsOf(yield* callerOfToken(id, now));
  if (kind !== "Group") return yield* rightsOf({ kind: "session", principalId: id, sessionId: "" });
  const layer: Layer = { who: `Group:${name}`, held: yield* heldBy(subject) };
  return {
    subject: layer.who,
    userId: id,
    user: layer.who,
    layers: [layer],
    filters: [],
    actor: { subject: layer.who },
  };
}

export const shownPermission = ({ binding, from, via }: Permission) => ({
  binding: showBinding(binding),
  from,
  ...(via === undefined ? {} : { via }),
});

type Shown = { right: string; from: string; via?: string; asleep?: string };

/**
 * Everything that a subject was given and what gives it. Of a token also what is asleep, because somebody behind it lacks it at this moment.
 * Definitions that the caller may not view are counted and not named.
 */
export function* subjectRights(rights: Rights, kind: AnyKind, item: Resource, now: number): Op<unknown> {
  const subjectKind = subjectKindOf[kind.kind] ?? "User";
  const name = subjectKind === "McpToken" ? String(item["sha"]) : item.name;
  const subject = `${subjectKind}:${name}`;
  const isOwn = subject === rights.subject;
  const { layers, refused } = yield* layersOf(subject, item.id, subjectKind, now);
  const given = getPermissions(layers.slice(0, 1));
  const mayKnow = ({ from }: Permission) =>
    isOwn || from.startsWith("token ") || judge(rights, "view", Rbac, from).allowed;
  const shown = given.filter(mayKnow).map((permission): Shown => {
    const { binding, from, via } = permission;
    const lacking = atomsOf(binding)
      .map((atom) => decide(layers, atom))
      .find(({ allowed }) => !allowed);
    const asleep = lacking?.allowed === false ? `${lacking.who} lacks it` : undefined;
    return {
      right: showBinding(binding),
      from,
      ...(via === undefined ? {} : { via }),
      ...(asleep === undefined ? {} : { asleep }),
    };
  });
  return {
    subject,
    ...(refused === undefined ? {} : { refused }),
    rights: shown,
    hidden: given.length - shown.length,
  };
}

/** The layers of whom is described, though it may be refused at this moment: then what it was given is shown, and why it counts for nothing. */
function* layersOf(
  subject: string,
  id: string,
  kind: SubjectKind,
  now: number,
): Op<{ layers: readonly Layer[]; refused?: string }> {
  const rights = yield* rightsOrRefusal(subject, now);
  if ("layers" in rights) return rights;
  return { layers: [{ who: subject, held: yield* heldBy(`${kind}:${id}`) }], refused: rights.refused };
}

/** The rights of a subject, or why it would be turned away at the door: disabled, expired, revoked. @throws Problem `invalid` */
export function* rightsOrRefusal(subject: string, now: number): Op<Rights | { refused: string }> {
  try {
    return yield* rightsOfSubject(subject, now);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "unauthenticated") throw error;
    return { refused: error.message };
  }
}
