import { Problem } from "../lib/problem.ts";
import type { Aside } from "../rbac/source.ts";
import type { Manifest } from "../resources/parse.ts";
import type { RbacFields } from "../resources/rbac.ts";
import { deleteSessionsOf, setPassword } from "../storage/identity.ts";
import type { Op } from "../storage/op.ts";
import { findResource, listResources, replaceResource } from "../storage/resources.ts";
import { removeSubject, type Subject, setSubjects } from "../storage/subjects.ts";
import { hashPassword } from "./password.ts";

/** Passwords are hashed before the transaction begins: argon2id takes too long to hold the database for. */
export const hashPasswords = (manifests: readonly Manifest[]): Promise<Manifest[]> =>
  Promise.all(
    manifests.map(async (manifest) => {
      const password = manifest.fields["password"];
      if (manifest.kind.kind !== "user" || typeof password !== "string") return manifest;
      return { ...manifest, fields: { ...manifest.fields, password: await hashPassword(password) } };
    }),
  );

/** A new password ends every session of the user; a deleted user leaves every definition. */
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
  *removing(user) {
    yield* removeSubject(`User:${user.id}`);
    for (const definition of yield* listResources("rbac")) {
      const fields = definition.fields as RbacFields;
      const subjects = fields.subjects.filter((subject) => !(subject.kind === "User" && subject.name === user.name));
      if (subjects.length === fields.subjects.length) continue;
      yield* replaceResource(
        { ...definition, version: definition.version + 1, fields: { ...fields, subjects } },
        definition.version,
      );
    }
  },
};

/** A definition binds ids: a user who is deleted and made again under the same name inherits nothing. */
export const rbacAside: Aside = {
  *store(row) {
    const subjects: Subject[] = [];
    for (const { name } of (row.fields as RbacFields).subjects) subjects.push(`User:${yield* idOfUser(name)}`);
    return { fields: row.fields, changed: false, after: () => setSubjects(row.id, subjects) };
  },
};

function* idOfUser(name: string): Op<string> {
  const user = yield* findResource("user", name);
  if (user === undefined)
    throw new Problem("invalid", `there is no user "${name}"`, { hint: `mcpctl create user ${name}` });
  return user.id;
}
