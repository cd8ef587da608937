import { groupAside, projectAside, rbacAside, serviceAccountAside, userAside } from "../../../src/auth/asides.ts";
import { callerOf } from "../../../src/auth/authenticate.ts";
import { sessionSource } from "../../../src/auth/session-source.ts";
import { tokenSource } from "../../../src/auth/token-source.ts";
import { Problem } from "../../../src/lib/problem.ts";
import { guardedStore } from "../../../src/rbac/guarded-store.ts";
import { type Rights, rightsOf } from "../../../src/rbac/rights.ts";
import { everything } from "../../../src/rbac/safeguards.ts";
import { type Aside, type Source, tableSource } from "../../../src/rbac/source.ts";
import type { AnyKind } from "../../../src/resources/define.ts";
import { kinds } from "../../../src/resources/index.ts";
import type { Binding } from "../../../src/resources/rbac.ts";
import { type Op, sql } from "../../../src/storage/op.ts";
import { openDatabase } from "../../../src/storage/open.ts";
import { insertResource } from "../../../src/storage/resources.ts";
import { type Subject, setMembers, setSubjects } from "../../../src/storage/subjects.ts";
import { near, pool } from "./bindings.ts";
import type { Dice } from "./settings.ts";

/*
 * The product's guarded store over its own sources and its own SQLite in memory. Three people, a service account, a group, two projects and two
 * servers stand in it once; every story deals its rights anew, inside one transaction that is rolled back at its end. A move is a savepoint in
 * it, as a request is a transaction: 20,000 stories of a dozen moves would not fit into the time otherwise.
 */

/** The clock of all stories; each begins at noon. */
const noon = Date.UTC(2027, 0, 1, 12);
export const clock = { at: noon, now: () => clock.at };
export const hashKeys = [Buffer.alloc(32, 9)] as const;

const asides: Record<string, Aside> = {
  user: userAside,
  serviceaccount: serviceAccountAside,
  group: groupAside,
  project: projectAside,
  rbac: rbacAside,
};
const sources = new Map<string, Source>(
  kinds.map((kind) => [kind.kind, tableSource(kind, clock, asides[kind.kind])] as const),
);
sources
  .set("mcptoken", tokenSource(hashKeys, clock, { defaultTtl: 90 * 86_400_000, maxTtl: null }))
  .set("session", sessionSource);
export const sourceOf = (kind: AnyKind): Source => sources.get(kind.kind) as Source;
export const store = guardedStore(sourceOf, function* () {});
export const kindOf = (name: string): AnyKind => kinds.find(({ kind }) => kind === name) as AnyKind;

/** Fixed ids, so that a failing story reads the same each time. */
const idOf = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, "0")}`;
export const people = ["ann@example.com", "bob@example.com", "cyd@example.com", "root@example.com"] as const;
export const ids = {
  people: people.map((_, n) => idOf(n)),
  account: idOf(10),
  group: idOf(11),
  projects: [idOf(20), idOf(21)],
} as const;
const servers = ["a", "b"] as const;

function* row(id: string, kind: string, name: string, fields: Record<string, unknown>): Op<void> {
  yield* insertResource({ id, kind, name, version: 1, fields, createdAt: noon, updatedAt: noon });
}

const database = openDatabase("sqlite::memory:");
const furnished = database.write(function* () {
  for (const [n, name] of people.entries()) yield* row(idOf(n), "user", name, {});
  yield* row(ids.account, "serviceaccount", "robot", {});
  for (const [n, name] of servers.entries())
    yield* row(idOf(30 + n), "server", name, { command: [name], transport: "stdio", replicas: 1 });
  yield* row(ids.projects[0], "project", "a", { servers: ["a"] });
  yield* row(ids.projects[1], "project", "b", { servers: ["a", "b"] });
});

class TheEnd extends Error {}
/** Tells one story, and takes it all back. @throws Error with what the story says went wrong */
export async function tell(story: () => Op<string | undefined>): Promise<void> {
  await furnished;
  clock.at = noon;
  standings.clear();
  let wrong: string | undefined;
  await database
    .write(function* () {
      wrong = yield* story();
      throw new TheEnd();
    })
    .catch((error: unknown) => {
      if (!(error instanceof TheEnd)) throw error;
    });
  if (wrong !== undefined) throw new Error(wrong);
}

/** One move: all of it, or nothing. Answers undefined when it was refused; what nobody foresaw is an error of the story. */
export function* tried<T>(move: () => Op<T>): Op<T | undefined> {
  yield sql`SAVEPOINT move`;
  try {
    const done = yield* move();
    yield sql`RELEASE move`;
    standings.clear();
    return done;
  } catch (error) {
    yield sql`ROLLBACK TO move`;
    yield sql`RELEASE move`;
    const isTaken = String((error as { code?: unknown }).code).startsWith("SQLITE_CONSTRAINT_UNIQUE");
    if (isTaken || (error instanceof Problem && error.code !== "internal")) return undefined;
    throw error;
  }
}

/** Whether this is forbidden; what it would have done is taken back. */
export function* isForbidden(move: () => Op<unknown>): Op<boolean> {
  yield sql`SAVEPOINT question`;
  try {
    yield* move();
    return false;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.code === "forbidden";
  } finally {
    yield sql`ROLLBACK TO question`;
    yield sql`RELEASE question`;
  }
}

/** Who moves: somebody's login, or whoever has a token in hand. */
export type Actor = { principal: string } | { bearer: string };
/** Undefined when the actor is turned away at the door. */
export function* rightsFor(actor: Actor): Op<Rights | undefined> {
  try {
    if ("principal" in actor) return yield* rightsOf({ kind: "session", principalId: actor.principal, sessionId: "s" });
    return yield* rightsOf(yield* callerOf(hashKeys, actor.bearer, clock.now()));
  } catch (error) {
    if (error instanceof Problem && error.code === "unauthenticated") return undefined;
    throw error;
  }
}

/** The same, read once for as long as no move succeeds: most are refused, and change nothing. */
const standings = new Map<string, Rights | undefined>();
export function* standing(actor: Actor): Op<Rights | undefined> {
  const key = "principal" in actor ? actor.principal : actor.bearer;
  if (!standings.has(key)) standings.set(key, yield* rightsFor(actor));
  return standings.get(key);
}

/** Rights that a mover needs to move at all, and often has. */
const trade: readonly Binding[] = [
  { role: "edit", resource: "rbac" },
  { role: "edit", resource: "mcptokens" },
  { role: "create", resource: "mcptokens" },
  { role: "view", resource: "*" },
  { role: "edit", resource: "groups" },
  { role: "edit", resource: "users" },
  { role: "edit", resource: "projects" },
  { role: "edit", resource: "projects", name: "a" },
  { role: "edit", resource: "serviceaccounts" },
  { role: "run", resource: "projects" },
  { role: "run", resource: "projects", name: "a" },
  { role: "run", resource: "projects", name: "b" },
  { role: "run", resource: "tools", name: "a/*" },
  { role: "edit", resource: "*" },
  { role: "edit", resource: "servers" },
];
const someBindings = (dice: Dice, most: number): Binding[] =>
  Array.from({ length: 1 + dice.below(most) }, () => dice.pick(dice.once(3) ? pool : trade));
/** Bindings to hand on: mostly the giver's own or what lies next to them. */
export const nearBindings = (dice: Dice, own: readonly Binding[], most: number): Binding[] =>
  Array.from({ length: 1 + dice.below(most) }, () => near(dice.once(8) ? pool : own, dice.below(0x7fffffff)));

/** A definition as an administrator would have left it. */
export function* define(
  n: number,
  name: string,
  subjects: readonly [Subject, string][],
  bindings: Binding[],
): Op<void> {
  const id = idOf(100 + n);
  const shown = subjects.map(([subject, label]) => ({ kind: subject.slice(0, subject.indexOf(":")), name: label }));
  yield* row(id, "rbac", name, { subjects: shown, roleBindings: bindings });
  yield* setSubjects(
    id,
    subjects.map(([subject]) => subject),
  );
}

/** Deals the rights of a story: to each person some, some to the group and the service account, and all to the one administrator. */
export function* deal(dice: Dice): Op<void> {
  yield* row(ids.group, "group", "g", { members: [] });
  const members = [0, 1, 2].filter(() => dice.once(2));
  yield sql`UPDATE resources SET fields = ${JSON.stringify({ members: members.map((n) => people[n]) })} WHERE id = ${ids.group}`;
  yield* setMembers(
    ids.group,
    members.map((n) => ids.people[n] as string),
  );
  const person = (n: number): [Subject, string] => [`User:${ids.people[n]}`, people[n] as string];
  for (const n of [0, 1, 2]) yield* define(n, `d${n}`, [person(n)], someBindings(dice, 6));
  yield* define(3, "dg", [[`Group:${ids.group}`, "g"]], someBindings(dice, 2));
  yield* define(4, "ds", [[`ServiceAccount:${ids.account}`, "robot"]], someBindings(dice, 3));
  yield* define(5, "admins", [person(3)], [...everything]);
}
