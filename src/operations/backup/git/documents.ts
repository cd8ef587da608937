import { toYaml } from "../../../lib/yaml.ts";
import type { AnyKind } from "../../../resources/define.ts";
import { kinds } from "../../../resources/index.ts";
import { findPassword } from "../../../storage/identity.ts";
import type { Op, Row } from "../../../storage/op.ts";
import { findResource, nameInTable, resourceIds, type StoredResource } from "../../../storage/resources.ts";
import { listTokens, type StoredToken } from "../../../storage/tokens.ts";
import type { Sealing } from "../stage.ts";

/** One object as files: a manifest that `apply` takes, and beside it, sealed, what no manifest holds. */
export type Document = {
  /** Below the backup's folder, without its ending. */
  path: string;
  /** As the audit log names it. */
  resource: string;
  project: string | undefined;
  yaml: string;
  /** JSON, for nobody but the recipients. */
  secret: Op<string | undefined> | undefined;
};

export const manifestEnd = ".yaml";
export const sealedEnd = ".age";
/** Under which bearers are stored: with it tokens stay what they are. */
export const keysFile = "instance.age";

/** What of an instance is in git, object by object. Each must be taken before the next is asked for. */
export function* documentIds(): Op<{ kind: AnyKind; id: string }[]> {
  const all: { kind: AnyKind; id: string }[] = [];
  for (const kind of kinds) for (const id of yield* resourceIds(kind.kind)) all.push({ kind, id });
  return all;
}

export function* documentOf(
  kind: AnyKind,
  id: string,
  { valuesOf }: Pick<Sealing, "valuesOf">,
): Op<Document | undefined> {
  const row = yield* findResource(kind.kind, id);
  if (row === undefined) return undefined;
  const inTable = kind.scopes === undefined ? row.name : nameInTable(row).replace(/^\//, "");
  const project = row.fields["project"];
  return {
    path: `${kind.plural}/${inTable}`,
    resource: `${kind.plural}/${row.name}`,
    project: typeof project === "string" ? project : undefined,
    yaml: toYaml(manifestOf(kind, row)),
    secret: secretOf(kind, row, valuesOf),
  };
}

const manifestOf = (kind: AnyKind, { id, name, version, fields, createdAt, updatedAt }: StoredResource) => ({
  kind: kind.kind,
  id,
  name,
  ...fields,
  version,
  createdAt: new Date(createdAt).toISOString(),
  updatedAt: new Date(updatedAt).toISOString(),
});

function secretOf(kind: AnyKind, { id }: StoredResource, valuesOf: Sealing["valuesOf"]): Document["secret"] {
  if (kind.kind === "secret")
    return (function* () {
      return JSON.stringify({ data: yield* valuesOf({ secret_id: id }) });
    })();
  if (kind.kind === "user")
    return (function* () {
      const password = yield* findPassword(id);
      return password === undefined ? undefined : JSON.stringify({ password });
    })();
  return undefined;
}

/** Tokens that are still good for something. Their hashes are sealed; whoever has one has no token. */
export function* tokenDocuments(): Op<Document[]> {
  const tokens = (yield* listTokens(undefined)).filter(
    ({ revokedAt, successorId }) => revokedAt === null && successorId === null,
  );
  return tokens.map((token) => ({
    path: `mcptokens/${token.projectName}/${token.name}`,
    resource: `mcptokens/${token.name}`,
    project: token.projectName,
    yaml: toYaml({
      kind: "mcptoken",
      id: token.id,
      name: token.name,
      project: token.projectName,
      owner: token.ownerName,
      ...(token.description === null ? {} : { description: token.description }),
      ...(token.tools === null ? {} : { tools: token.tools }),
      ...(token.readOnly ? { readOnly: true } : {}),
      createdAt: new Date(token.createdAt).toISOString(),
    }),
    secret: (function* () {
      return JSON.stringify({ token: tokenRow(token) });
    })(),
  }));
}

const tokenRow = (token: StoredToken): Row => ({
  id: token.id,
  hash: token.hash,
  name: token.name,
  prefix: token.prefix,
  description: token.description,
  project_id: token.projectId,
  owner_id: token.ownerId,
  created_at: token.createdAt,
  expires_at: token.expiresAt,
  revoked_at: null,
  last_used_at: null,
  parent_id: token.parentId,
  successor_id: null,
  tools: token.tools === null ? null : JSON.stringify(token.tools),
  read_only: token.readOnly ? 1 : 0,
});

/** What a reader of the repository should know first. */
export const readme = `This is the state of an mcpctl instance, written by the instance itself: a commit for each change. The database is the truth; what is
changed here is written over. Files that end in .age hold secrets, password hashes and tokens' hashes for the recipients that were set, and open
with the age tool. An empty instance is restored with: mcpctl backup git enable REPO, then mcpctl backup git restore.
`;
const folders: ReadonlySet<string> = new Set(kinds.map(({ plural }) => plural));
/** What else is in a repository of a team's, such as the YAML of its own build, is neither read nor taken out. */
export const isOurs = (path: string): boolean =>
  [readmeFile, recipientsFile, keysFile].includes(path) ||
  (folders.has(path.split("/", 1)[0] ?? "") && (path.endsWith(manifestEnd) || path.endsWith(sealedEnd)));
/** For whom what is sealed was sealed, a line each: when they change, all of it is sealed anew. */
export const recipientsFile = "recipients.txt";
export const readmeFile = "README.txt";
