import { Problem } from "../lib/problem.ts";
import type { Aside } from "../rbac/source.ts";
import { type GroupFields, principalKind } from "../resources/group.ts";
import type { Manifest } from "../resources/parse.ts";
import type { ProjectFields } from "../resources/project.ts";
import type { RbacFields } from "../resources/rbac.ts";
import { systemProject } from "../resources/system-prompts.ts";
import { deleteSessionsOf, setPassword } from "../storage/identity.ts";
import { findResource } from "../storage/resources.ts";
import { type Subject, setMembers, setSubjects } from "../storage/subjects.ts";
import { hashPassword } from "./password.ts";
import { leaveAll, subjectOf } from "./subjects.ts";
import { endTokensOf } from "./token-rights.ts";

/** Passwords are hashed before the transaction begins: argon2id takes too long to hold the database for. */
export const hashPasswords = (manifests: readonly Manifest[]): Promise<Manifest[]> =>
  Promise.all(
    manifests.map(async (manifest) => {
      const password = manifest.fields["password"];
      if (manifest.kind.kind !== "user" || typeof password !== "string") return manifest;
      return { ...manifest, fields: { ...manifest.fields, password: await hashPassword(password) } };
    }),
  );

/** A new password ends every session of the user; a deleted user leaves every definition and group. */
export const userAside: Aside = {
  *store(row, writeOnly) {
    const hash = writeOnly["password"];
    if (typeof hash !== "string") return { fields: row.fields, changed: false };
    if (!hash.startsWith("$argon2id$")) throw new Problem("internal", "a password reached the database unhashed");
    return {
      fields: row.fields,
      changed: true,
      *after() {
        yield* setPassword(row.id, hash, row.updatedAt);
        yield* deleteSessionsOf(row.id);
      },
    };
  },
  *removing(user, also, now) {
    yield* endTokensOf(user.id, also, now);
    yield* leaveAll("User", user.id, user.name, also);
  },
};

export const serviceAccountAside: Aside = {
  *removing(account, also, now) {
    yield* endTokensOf(account.id, also, now);
    yield* leaveAll("ServiceAccount", account.id, account.name, also);
  },
};

/** A project keeps its servers by name, whichever way they were meant: names are what rights, walls and lists speak of. */
export const projectAside = {
  *store(row) {
    if (row.name === systemProject) throw notAProject();
    const servers = new Map<string, ProjectFields["servers"][number]>();
    for (const [index, entry] of (row.fields as ProjectFields).servers.entries()) {
      const ref = typeof entry === "string" ? entry : entry.server;
      const name = (yield* findResource("server", ref))?.name ?? ref;
      const named = typeof entry === "string" ? name : { ...entry, server: name };
      if (!Bun.deepEquals(servers.get(name) ?? named, named, true)) throw servedTwice(index);
      servers.set(name, named);
    }
    return { fields: { ...row.fields, servers: [...servers.values()] }, changed: false };
  },
  removing: (project, also, now) => endTokensOf(project.id, also, now),
} satisfies Aside;

const notAProject = () =>
  new Problem("invalid", `"${systemProject}" is no project: mcpctl's own prompts lie there`, {
    fields: [{ path: "/name", message: "is taken by mcpctl itself" }],
    hint: `mcpctl get prompts -p ${systemProject}`,
  });

const servedTwice = (index: number) =>
  new Problem("invalid", "this project names a server twice, by its name and by its id", {
    fields: [{ path: `/servers/${index}`, message: "this server is there already" }],
  });

/** A group binds ids, as definitions do. */
export const groupAside: Aside = {
  *store(row) {
    const members: { subject: Subject; name: string }[] = [];
    for (const name of (row.fields as GroupFields).members)
      members.push(yield* subjectOf(principalKind(name) === "users" ? "User" : "ServiceAccount", name));
    const ids = members.map(({ subject }) => subject.slice(subject.indexOf(":") + 1));
    return {
      fields: { ...row.fields, members: members.map(({ name }) => name) },
      changed: false,
      after: () => setMembers(row.id, ids),
    };
  },
};

/** A definition binds ids: a user who is deleted and made again under the same name inherits nothing. */
export const rbacAside: Aside = {
  *store(row) {
    const bound: Subject[] = [];
    const subjects: RbacFields["subjects"] = [];
    for (const { kind, name } of (row.fields as RbacFields).subjects) {
      const found = yield* subjectOf(kind, name);
      bound.push(found.subject);
      subjects.push({ kind, name: found.name });
    }
    return { fields: { ...row.fields, subjects }, changed: false, after: () => setSubjects(row.id, bound) };
  },
};
