import { decryptedText, type Keys } from "../../../lib/age.ts";
import { isId, newId } from "../../../lib/id.ts";
import { parsedJson } from "../../../lib/json.ts";
import { isObject } from "../../../lib/object.ts";
import { Problem } from "../../../lib/problem.ts";
import { version } from "../../../lib/version.ts";
import { parseDocuments } from "../../../lib/yaml.ts";
import type { GroupFields } from "../../../resources/group.ts";
import { findKind } from "../../../resources/index.ts";
import { parseManifest } from "../../../resources/parse.ts";
import type { RbacFields } from "../../../resources/rbac.ts";
import { schemaVersion } from "../../../storage/backup.ts";
import type { Row } from "../../../storage/op.ts";
import { nameInTable, type StoredResource } from "../../../storage/resources.ts";
import { type Entry, formatVersion, type Header } from "../format.ts";
import { isOurs, keysFile, manifestEnd, sealedEnd } from "./documents.ts";
import type { Repository } from "./repository.ts";

/** What a commit holds, in the shape of a backup, so that it is checked and put back as one. Without keys, what is sealed stays out. */
export type FromGit = { header: Header; entries: Entry[]; sealedOut: number };

const longestFile = 8 * 1024 * 1024;

/** @throws Problem `invalid`, naming the file that is not what it should be */
export async function readCommit(
  repository: Repository,
  commit: string,
  keys: Keys | undefined,
  now: number,
): Promise<FromGit> {
  const files = [...(await repository.files(commit))].filter(([path]) => isOurs(path));
  const manifests = files.filter(([path]) => path.endsWith(manifestEnd));
  if (manifests.length === 0)
    throw new Problem("not_found", "there is nothing to restore in this commit", { hint: "mcpctl backup git log" });
  const texts = await repository.texts(manifests.map(([, hash]) => hash));
  const sealed = keys === undefined ? [] : files.filter(([path]) => path.endsWith(sealedEnd));
  const armoured = sealed.length === 0 ? [] : await repository.texts(sealed.map(([, hash]) => hash));
  const secrets = new Map<string, Record<string, unknown>>();
  for (const [index, [path]] of sealed.entries()) {
    const value = parsedJson(await decryptedText(armoured[index] ?? "", keys as Keys));
    if (isObject(value)) secrets.set(path.slice(0, -sealedEnd.length), value);
  }
  const rows: StoredResource[] = [];
  const tokens: Row[] = [];
  const entries: Entry[] = [];
  let sealedOut = files.filter(([path]) => path.endsWith(sealedEnd)).length - sealed.length;
  for (const [index, [path]] of manifests.entries()) {
    const text = texts[index] ?? "";
    if (text.length > longestFile) throw new Problem("invalid", `${path} is longer than any manifest`);
    const secret = secrets.get(path.slice(0, -manifestEnd.length));
    for (const { value } of parseDocuments(text, path)) {
      if (isObject(value) && value["kind"] === "mcptoken") {
        const token = secret?.["token"];
        if (isObject(token)) tokens.push(token as Row);
        continue;
      }
      const row = rowOf(value, path, now);
      rows.push(row);
      if (isObject(secret?.["data"]))
        entries.push({
          table: "secret_values",
          row: { secret_id: row.id, version: row.version, data: secret["data"] as Record<string, string> },
        });
      if (typeof secret?.["password"] === "string")
        entries.push({
          table: "passwords",
          row: { user_id: row.id, hash: secret["password"], changed_at: row.updatedAt },
        });
    }
  }
  const bearer = secrets.get(keysFile.slice(0, -sealedEnd.length))?.["bearer"];
  if (!Array.isArray(bearer) && tokens.length > 0) sealedOut += tokens.splice(0).length;
  const resources = rows.map(
    (row): Entry => ({
      table: "resources",
      row: {
        id: row.id,
        kind: row.kind,
        name: nameInTable(row),
        version: row.version,
        fields: JSON.stringify(row.fields),
        created_at: row.createdAt,
        updated_at: row.updatedAt,
      },
    }),
  );
  return {
    header: {
      mcpctl: "backup",
      format: formatVersion,
      version,
      schema: schemaVersion,
      createdAt: new Date(now).toISOString(),
      counts: {},
      keys: { bearer: Array.isArray(bearer) ? bearer.map(String) : [], audit: "0".repeat(64) },
    },
    entries: [
      ...resources,
      ...entries,
      ...boundTo(rows, tokens),
      ...tokens.map((row): Entry => ({ table: "tokens", row })),
    ],
    sealedOut,
  };
}

/** A manifest that a person wrote has no id and no version; it is given them. */
function rowOf(value: unknown, path: string, now: number): StoredResource {
  const word = isObject(value) ? value["kind"] : undefined;
  const kind = typeof word === "string" ? findKind(word) : undefined;
  if (kind === undefined || !isObject(value))
    throw new Problem("invalid", `${path}: there is no kind of object in it that this mcpctl knows`);
  const { name, fields } = parseManifest(kind, value, path);
  const { id, version: of, createdAt, updatedAt } = value;
  const kept = Object.fromEntries(Object.entries(fields).filter(([key]) => kind.writeOnly?.includes(key) !== true));
  const readOnly = Object.fromEntries(
    (kind.readOnly ?? []).flatMap((key) => (value[key] === undefined ? [] : [[key, value[key]]])),
  );
  const checked = { ...kept, ...readOnly };
  const raw = Object.fromEntries(Object.entries(value).filter(([key]) => key in checked));
  return {
    id: typeof id === "string" && isId(id) ? id : newId(),
    kind: kind.kind,
    name,
    version: Number.isSafeInteger(of) && Number(of) > 0 ? Number(of) : 1,
    // In the order in which they stand there: what is the same is then written the same.
    fields: Bun.deepEquals(raw, checked, true) ? raw : checked,
    createdAt: timeIn(createdAt, now),
    updatedAt: timeIn(updatedAt, now),
  };
}

const timeIn = (value: unknown, now: number): number => {
  const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? now : at;
};

/** Who definitions and groups mean: by id, found by the names in this very commit. */
function boundTo(rows: readonly StoredResource[], tokens: readonly Row[]): Entry[] {
  const kindOf = { User: "user", Group: "group", ServiceAccount: "serviceaccount", McpToken: "mcptoken" } as const;
  const idOf = (kind: string, name: string): string | undefined =>
    kind === "mcptoken"
      ? (tokens.find(({ hash }) => String(hash).startsWith(name))?.["id"] as string | undefined)
      : rows.find((row) => row.kind === kind && row.name === name)?.id;
  return rows.flatMap((row): Entry[] => {
    if (row.kind === "rbac")
      return (row.fields as RbacFields).subjects.flatMap(({ kind, name }) => {
        const id = idOf(kindOf[kind], name);
        return id === undefined
          ? []
          : [{ table: "rbac_subjects", row: { definition_id: row.id, subject: `${kind}:${id}` } }];
      });
    if (row.kind !== "group") return [];
    return (row.fields as GroupFields).members.flatMap((name) => {
      const id = idOf(name.includes("@") ? "user" : "serviceaccount", name);
      return id === undefined ? [] : [{ table: "group_members", row: { group_id: row.id, member_id: id } }];
    });
  });
}
