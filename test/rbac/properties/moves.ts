import { decide } from "../../../src/rbac/evaluate.ts";
import { getPermissions } from "../../../src/rbac/permissions.ts";
import type { Rights } from "../../../src/rbac/rights.ts";
import type { Resource } from "../../../src/resources/define.ts";
import type { Binding, RbacFields } from "../../../src/resources/rbac.ts";
import type { Op } from "../../../src/storage/op.ts";
import { findResource } from "../../../src/storage/resources.ts";
import { layer } from "./bindings.ts";
import { beyond, both, held, nothing, type Reach, reachOf, thingsNow } from "./reach.ts";
import type { Dice } from "./settings.ts";
import { clock, kindOf, nearBindings, people, rightsFor, store, tried } from "./small-world.ts";

/** A bearer that somebody in the story has in hand: who minted it could do `ceiling` at that moment, and what was handed to it since is added. */
export type Handed = { id: string; sha: string; bearer: string; ceiling: Reach; parent?: string; endsBy?: number };
/** What the story remembers besides the database. */
export type Plot = { tokens: Handed[]; logins: Set<string>; broken: string | undefined; told: string[] };
type Move = (plot: Plot, dice: Dice, rights: Rights) => Op<unknown>;

const ownOf = (rights: Rights): Binding[] => getPermissions(rights.layers).map(({ binding }) => binding);
const subjectOf = (plot: Plot, dice: Dice) => {
  const token = dice.pick(plot.tokens);
  return dice.pick([
    ...people.map((name) => ({ kind: "User", name })),
    { kind: "Group", name: "g" },
    { kind: "ServiceAccount", name: "robot" },
    ...(token === undefined ? [] : [{ kind: "McpToken", name: token.sha }]),
  ]);
};
const save = (
  rights: Rights,
  kind: string,
  name: string,
  fields: Record<string, unknown>,
  mode: "apply" | "create" = "apply",
) => store.save(rights, { kind: kindOf(kind), name, fields }, mode);

/** P7: whatever a definition gives that it did not give before, its writer holds. */
function* define(plot: Plot, rights: Rights, name: string, fields: RbacFields): Op<void> {
  const before = (yield* findResource("rbac", name))?.fields as RbacFields | undefined;
  yield* save(rights, "rbac", name, fields);
  const isOld = ({ kind, name: who }: RbacFields["subjects"][number]) =>
    before?.subjects.some((subject) => subject.kind === kind && subject.name === who) === true;
  const old = before !== undefined && fields.subjects.every(isOld) ? held([layer(before.roleBindings)]) : nothing;
  const mine = held(rights.layers);
  const more = beyond(held([layer(fields.roleBindings)]), both(old, mine));
  if (more !== undefined) plot.broken = `P7: ${rights.subject} gave ${name} ${JSON.stringify(more)}`;
  for (const token of plot.tokens)
    if (fields.subjects.some((subject) => subject.name === token.sha)) token.ceiling = both(token.ceiling, mine);
}

/** P7 for a token: what it was given itself, its minter holds. */
function take(plot: Plot, rights: Rights, saved: { resource: Resource; token?: string }): void {
  if (saved.token === undefined) return;
  plot.tokens.push({
    id: saved.resource.id,
    sha: String(saved.resource["sha"]),
    bearer: saved.token,
    ceiling: held(rights.layers),
    ...(rights.tokenId === undefined ? {} : { parent: rights.tokenId }),
  });
}

const rewrite: Move = function* (plot, dice, rights) {
  const own = plot.tokens.map(({ id }) => `mcptoken-${id}`);
  const name = dice.pick(["d0", "d1", "d2", "dg", "ds", "admins", "n0", "n1", ...own]);
  const old = (yield* findResource("rbac", name))?.fields as RbacFields | undefined;
  const more = () => subjectOf(plot, dice) as RbacFields["subjects"][number];
  const subjects = [...(old?.subjects ?? [more()]), ...(dice.once(2) ? [more()] : [])];
  const kept = (old?.roleBindings ?? []).filter(() => !dice.once(4));
  const roleBindings = dice.once(3) ? kept : [...kept, ...nearBindings(dice, ownOf(rights), 2)];
  yield* define(plot, rights, name, { subjects: subjects.filter(() => !dice.once(6)), roleBindings });
};
const invent: Move = function* (plot, dice, rights) {
  const subject = subjectOf(plot, dice) as RbacFields["subjects"][number];
  yield* define(plot, rights, dice.pick(["n0", "n1", "n2"]), {
    subjects: [subject],
    roleBindings: nearBindings(dice, ownOf(rights), 2),
  });
};
const regroup: Move = function* (_, dice, rights) {
  const members = [...people.slice(0, 3), "robot"].filter(() => dice.once(2));
  yield* save(rights, "group", dice.pick(["g", "g", "g", "h"]), { members });
};
const mint: Move = function* (plot, dice, rights) {
  const own = ownOf(rights);
  const readOnly = dice.once(6);
  const given = dice.once(2) ? [] : nearBindings(dice, own, 2).filter(({ role }) => !readOnly || role === "view");
  const saved = yield* save(rights, "mcptoken", dice.pick(["t0", "t1", "t2"]), {
    project: dice.pick(["a", "a", "b"]),
    rbac: dice.once(3) ? "clone" : "empty",
    roleBindings: given,
    ...(dice.once(3) ? { tools: dice.pick([["a/*"], ["a/x"], ["a/x", "b/x"], ["*/*"]]) } : {}),
    ...(readOnly ? { readOnly } : {}),
    ...(dice.once(3) ? { force: true } : {}),
    ...(dice.once(2) ? {} : { ttl: dice.pick(["1h", "30d", "never"]) }),
  });
  take(plot, rights, saved);
};
const rotate: Move = function* (plot, dice, rights) {
  const old = dice.pick(plot.tokens);
  if (old === undefined) return;
  const overlapMs = dice.pick([0, 3_600_000]);
  const [before, things] = [yield* rightsFor(old), yield* thingsNow()];
  take(plot, rights, yield* store.rotate(rights, kindOf("mcptoken"), old.id, { overlapMs }));
  old.endsBy = clock.at + overlapMs;
  const successor = plot.tokens.at(-1);
  const after = successor === undefined ? undefined : yield* rightsFor(successor);
  if (successor !== undefined && old.parent !== undefined) successor.parent = old.parent;
  if (rights.tokenId !== undefined) plot.broken = "a token was rotated with a token";
  else if (before !== undefined && after !== undefined && beyond(reachOf(after, things), reachOf(before, things)))
    plot.broken = "what it was rotated into reaches more";
};
const end: Move = function* (plot, dice, rights) {
  const token = dice.pick(plot.tokens);
  if (token === undefined) return;
  if (dice.once(3)) yield* store.remove(rights, kindOf("mcptoken"), token.id);
  else yield* store.revoke(rights, kindOf("mcptoken"), token.id);
};
/** To wake an account is to give all that it has. */
function* woken(plot: Plot, rights: Rights, principal: string): Op<void> {
  const awake = principal === rights.userId ? undefined : yield* rightsFor({ principal });
  const more = awake === undefined ? undefined : beyond(held(awake.layers), held(rights.layers));
  if (more !== undefined) plot.broken = `P7: ${rights.subject} woke what may ${JSON.stringify(more)}`;
}
/** Whoever sets a password has the login from then on; whoever wakes an account need not. */
const account: Move = function* (plot, dice, rights) {
  const name = dice.pick([...people, "new@example.com"]);
  const password = dice.once(2) ? { password: "$argon2id$of-a-story" } : {};
  const before = yield* findResource("user", name);
  const { resource } = yield* save(rights, "user", name, { ...password, ...(dice.once(3) ? { disabled: true } : {}) });
  if ("password" in password) plot.logins.add(resource.id);
  if (before?.fields["disabled"] === true && resource["disabled"] !== true) yield* woken(plot, rights, resource.id);
};
const robot: Move = function* (plot, dice, rights) {
  if (dice.once(2)) yield* save(rights, "serviceaccount", "robot", dice.once(2) ? { disabled: true } : {});
  else plot.logins.add((yield* store.takeOver(rights, kindOf("serviceaccount"), "robot")).id);
};
const project: Move = function* (_, dice, rights) {
  const servers = ["a", "b"].filter(() => dice.once(2));
  yield* save(rights, "project", dice.pick(["a", "b", "fresh"]), { servers });
};
/** What a server executes is changed by those alone who may. */
const server: Move = function* (plot, dice, rights) {
  const name = dice.pick(["a", "b", "fresh"]);
  const before = (yield* findResource("server", name))?.fields["command"] as string[] | undefined;
  const command = [dice.once(2) ? name : "sh"];
  yield* save(rights, "server", name, { command, transport: "stdio", replicas: 1, description: String(dice.below(3)) });
  if (before?.[0] !== command[0] && !decide(rights.layers, { action: "servers-execute" }).allowed)
    plot.broken = `${rights.subject} changed what ${name} executes`;
};
const drop: Move = function* (_, dice, rights) {
  const [kind, names] = dice.pick([
    ["rbac", ["d0", "d1", "d2", "dg", "ds", "n0", "n1", "admins"]],
    ["rbac", ["d0", "d1", "d2", "n0", "n1"]],
    ["group", ["g", "h"]],
    ["user", people],
    ["project", ["a", "b", "fresh"]],
    ["serviceaccount", ["robot"]],
  ] as const);
  yield* store.remove(rights, kindOf(kind), dice.pick<string>(names));
};
/** Time passes, whoever moves. */
const wait: Move = function* (_, dice) {
  clock.at += dice.pick([60_000, 3_600_000, 3_600_001]);
};

const all: readonly Move[] = [
  rewrite,
  rewrite,
  invent,
  invent,
  regroup,
  mint,
  mint,
  mint,
  mint,
  rotate,
  end,
  account,
  robot,
  project,
  project,
  server,
  drop,
  wait,
];

/** One step of one actor; refused steps change nothing. */
export function* step(plot: Plot, dice: Dice, rights: Rights | undefined, moves = all): Op<void> {
  if (rights === undefined) return;
  const move = dice.pick(moves);
  const done = yield* tried(function* () {
    yield* move(plot, dice, rights);
    return true;
  });
  if (done) plot.told.push(`${rights.subject} ${move.name}`);
}
/** An administrator who takes rights away, and a thief, who has nothing but tokens. */
export const takingAway = [drop, drop, regroup, rewrite, account, robot, end, wait] as const;
export const thievery = [mint, mint, mint, invent, rewrite, rotate, end, account, project, server, wait] as const;
export const minting = [mint] as const;
export const newPlot = (logins: readonly string[]): Plot => ({
  tokens: [],
  logins: new Set(logins),
  broken: undefined,
  told: [],
});
/** The sentence a story ends with when something is wrong. */
export const tale = (plot: Plot, what: string, about: unknown): string =>
  `${what}: ${JSON.stringify(about)} after ${plot.told.join(", ")}`;
