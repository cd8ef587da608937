import { Problem } from "../lib/problem.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import type { McpTokenFields } from "../resources/mcp-token.ts";
import { type Curation, type ProjectFields, serversOf } from "../resources/project.ts";
import type { Binding, RbacFields } from "../resources/rbac.ts";
import type { Op } from "../storage/op.ts";
import { findResource } from "../storage/resources.ts";
import { type Attempt, atomsOf, decide, type Held, missingFor } from "./evaluate.ts";
import { indexGrants } from "./grant-index.ts";
import { getPermissions } from "./permissions.ts";
import { heldBy, type Rights, useOf, wallText } from "./rights.ts";
import { everything } from "./safeguards.ts";

/**
 * The creator's ceiling when written: whatever a write hands to somebody (by binding, group, password, token or project), its writer must hold,
 * atom by atom (design §5). One row a kind that moves rights; what it answers is what the write gives.
 */
const gifts: Record<string, (write: Write) => Op<readonly Attempt[]>> = {
  *rbac({ fields, existing }) {
    return newBindings(fields as RbacFields, existing as RbacFields | undefined).flatMap(atomsOf);
  },
  *group({ fields, existing }) {
    const before = namesIn(existing?.["members"]);
    const joins = [...namesIn(fields["members"])].some((member) => !before.has(member));
    return existing === undefined || !joins ? [] : atomsHeld(yield* heldBy(`Group:${existing.id}`));
  },
  // Setting somebody's password, or waking a disabled account, is taking over all that it may do.
  *user({ fields, existing, rights }) {
    if (existing === undefined || existing.id === rights.userId) return [];
    const takes = fields["password"] !== undefined || wakes(fields, existing);
    return takes ? atomsHeld(yield* heldBy(`User:${existing.id}`)) : [];
  },
  *serviceaccount({ fields, existing }) {
    if (existing === undefined || !wakes(fields, existing)) return [];
    return atomsHeld(yield* heldBy(`ServiceAccount:${existing.id}`));
  },
  *mcptoken({ fields, rights }) {
    const { tools, project: ref } = fields as McpTokenFields;
    const project = (yield* findResource("project", ref))?.name ?? ref;
    const uses: Attempt[] = tools === undefined ? atomsOf(useOf(project)) : tools.map((call) => ({ call, project }));
    return [...uses, ...tokenBindings(fields as McpTokenFields, rights).flatMap(atomsOf)];
  },
  // Whoever may run the project may then call the server: who puts it there must be able to.
  *project({ fields, existing }) {
    const before = existing === undefined ? [] : serversOf(existing as unknown as ProjectFields);
    const given: Attempt[] = [];
    for (const curation of serversOf(fields as ProjectFields)) {
      // Whoever writes may mean a server by its id. Rights speak of names: `*-*/*` holds every id, and not every server.
      const name = (yield* findResource("server", curation.server))?.name ?? curation.server;
      const old = before.find(({ server }) => server === name);
      if (old === undefined || !isNarrower(curation, old)) given.push({ call: `${name}/*` });
    }
    return given;
  },
};

export type Write = {
  kind: AnyKind;
  name: string;
  fields: Record<string, unknown>;
  existing: Resource | undefined;
  rights: Rights;
};

/** @throws Problem `forbidden`, with every right that the giver lacks */
export function* checkCeiling(write: Write): Op<void> {
  const given = gifts[write.kind.kind];
  if (given === undefined) return;
  const what = `${write.kind.kind} "${write.name}"`;
  const isAccount = write.kind.kind === "user" || write.kind.kind === "serviceaccount";
  refuseBeyond(write.rights, yield* given(write), isAccount ? takenOver(what) : `${what} would have rights`);
}

/** What taking over an account gives: all that it holds. @throws Problem `forbidden` */
export function* checkTakeOver(rights: Rights, kind: AnyKind, account: Resource): Op<void> {
  const prefix = kind.kind === "user" ? "User" : "ServiceAccount";
  refuseBeyond(
    rights,
    atomsHeld(yield* heldBy(`${prefix}:${account.id}`)),
    takenOver(`${kind.kind} "${account.name}"`),
  );
}

/**
 * For what hands out or replaces all that there is: nothing less than everything is enough, and no token has that, since it is confined to its
 * project. @throws Problem `forbidden`
 */
export function demandEverything(rights: Rights, what: string): void {
  if (rights.project !== undefined)
    throw new Problem("forbidden", `${what}, and ${wallText(rights.project)}`, { hint: "mcpctl login" });
  refuseBeyond(rights, everything.flatMap(atomsOf), what);
}

const takenOver = (account: string) => `whoever can log in as ${account} has rights`;

/** The rights of the control API that a new token is given: those that were listed, and with `clone` all that its maker may do at this moment. */
export function tokenBindings({ rbac, roleBindings = [], readOnly }: McpTokenFields, rights: Rights): Binding[] {
  const cloned = rbac === "clone" ? getPermissions(rights.layers).map(({ binding }) => binding) : [];
  const all = [...cloned.flatMap((binding) => (readOnly === true ? viewsOf(binding) : [binding])), ...roleBindings];
  return all.filter((binding, index) => all.findIndex((other) => Bun.deepEquals(other, binding, true)) === index);
}

const viewsOf = (binding: Binding): Binding[] =>
  binding.action === undefined && (binding.role === "view" || binding.role === "edit")
    ? [{ ...binding, role: "view" }]
    : [];

/** With a subject more, all of the definition is given anew; otherwise only what it did not give before. */
function newBindings(fields: RbacFields, existing: RbacFields | undefined): Binding[] {
  if (existing === undefined) return fields.roleBindings;
  const isOld = (subject: RbacFields["subjects"][number]) =>
    existing.subjects.some(({ kind, name }) => kind === subject.kind && name === subject.name);
  if (!fields.subjects.every(isOld)) return fields.roleBindings;
  const old = [{ who: "before", held: [{ grants: indexGrants(existing.roleBindings, "before") }] }];
  return fields.roleBindings.filter((binding) => !atomsOf(binding).every((atom) => decide(old, atom).allowed));
}

/** Whether no more of a server's tools is offered than before, and none is called otherwise. */
const isNarrower = (now: Curation, before: Curation): boolean =>
  (before.deny ?? []).every((pattern) => now.deny?.includes(pattern) === true) &&
  (before.allow === undefined || now.allow?.every((pattern) => before.allow?.includes(pattern)) === true) &&
  Bun.deepEquals(now.arguments ?? {}, before.arguments ?? {}, true);

const namesIn = (list: unknown) => new Set((list ?? []) as string[]);

const wakes = (fields: Record<string, unknown>, existing: Resource) =>
  existing["disabled"] === true && fields["disabled"] !== true;

const atomsHeld = (held: readonly Held[]): Attempt[] =>
  held.flatMap(({ grants }) => grants.all.flatMap(({ binding }) => atomsOf(binding)));

function refuseBeyond(rights: Rights, given: readonly Attempt[], what: string): void {
  const missing = [...new Set(given.filter((atom) => !decide(rights.layers, atom).allowed).map(missingFor))];
  if (missing.length === 0) return;
  throw new Problem("forbidden", `${what} that ${rights.subject} may not give`, {
    fields: missing.slice(0, 20).map((right) => ({ path: "", message: `you lack ${right}` })),
    hint: "leave out what gives these, or ask somebody who holds them",
  });
}
