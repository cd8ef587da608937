import type { Bytes } from "../../lib/age.ts";
import { isId } from "../../lib/id.ts";
import { parsedJson } from "../../lib/json.ts";
import { isObject } from "../../lib/object.ts";
import { type FieldError, Problem } from "../../lib/problem.ts";
import { findKind } from "../../resources/index.ts";
import { parseManifest } from "../../resources/parse.ts";
import {
  backupTables,
  columnsOf,
  danglingRows,
  insertNewRow,
  rowsAfter,
  schemaVersion,
  setAuditAnchor,
  type Table,
} from "../../storage/backup.ts";
import type { Op, Row } from "../../storage/op.ts";
import { toResource } from "../../storage/resources.ts";
import type { SealedSecret } from "../../storage/sealed.ts";
import { openStaged, type Staged } from "../../storage/staged.ts";
import { verifyAudit } from "../audit-verify.ts";
import { damaged, type Entry, type Header, readBackup } from "./format.ts";

/** A backup that was read whole and found sound, in a database of its own with the schema of this program. */
export type Sound = { header: Header; db: Staged };

export type Sealing = {
  /** Seals values under this instance's own key. */
  seal: (secretId: string, version: number, data: Record<string, string>) => SealedSecret;
  /** @throws when they do not belong to the secret as it stands in its row */
  valuesOf: (row: Row) => Op<Record<string, string>>;
};

/**
 * Reads a backup into a database at this path and looks at all of it. Nothing of the instance is changed, and nothing stays when it is refused.
 * @throws Problem `invalid`, saying what is wrong with it
 */
export async function staged(bytes: Bytes, path: string, sealing: Sealing): Promise<Sound> {
  let db: Staged | undefined;
  try {
    const columns = new Map<string, ReadonlySet<string>>();
    const header = await readBackup(bytes, {
      begin(header) {
        if (header.schema > schemaVersion) throw newer(header);
        if (header.schema < 1) throw damaged("its schema is none");
        db = openStaged(path, header.schema);
        for (const table of backupTables)
          columns.set(
            table.name,
            db.now(() => columnsOf(table)),
          );
      },
      take: async (entries) => await db?.fill(() => insertAll(entries, columns, sealing)),
    });
    if (db === undefined) throw damaged("it has no header");
    db.upgrade();
    check(db, header, sealing);
    return { header, db };
  } catch (error) {
    db?.close();
    throw asDamage(error);
  }
}

function* insertAll(
  entries: readonly Entry[],
  columns: ReadonlyMap<string, ReadonlySet<string>>,
  { seal }: Sealing,
): Op<void> {
  for (const { table: name, row } of entries) {
    const table = backupTables.find((one) => one.name === name);
    if (table === undefined) throw damaged("it has rows of a table that is none of ours");
    const plain = name === "secret_values" ? sealedRow(row, seal) : (row as Row);
    const known = columns.get(name);
    for (const [column, value] of Object.entries(plain)) {
      const isValue = value === null || typeof value === "string" || Number.isSafeInteger(value);
      if (known?.has(column) !== true || !isValue) throw damaged(`a row does not fit the table ${name}`);
    }
    if (name === "audit_anchor") {
      const { seq, hash, at, mac } = plain;
      yield* setAuditAnchor({ seq: Number(seq), hash: String(hash), at: Number(at), mac: String(mac) });
    } else yield* insertNewRow(table, plain);
  }
}

function sealedRow({ secret_id: id, version, data }: Entry["row"], seal: Sealing["seal"]): Row {
  const isData = isObject(data) && Object.values(data).every((value) => typeof value === "string");
  if (typeof id !== "string" || typeof version !== "number" || !isData) throw damaged("a secret has no values");
  const { keyId, wrappedKey, ciphertext } = seal(id, version, data as Record<string, string>);
  return { secret_id: id, version, key_id: keyId, wrapped_key: wrappedKey, ciphertext };
}

function check(db: Staged, header: Header, { valuesOf }: Sealing): void {
  const [dangling] = db.now(danglingRows);
  if (dangling !== undefined) throw damaged(`${dangling.table} refers to ${dangling.parent} that are not in it`);
  for (const [name, look] of Object.entries(looks)) {
    const table = backupTables.find((one) => one.name === name);
    for (const row of table === undefined ? [] : allRows(db, table)) look(row);
  }
  for (const row of allRows(db, backupTables[1])) db.now(() => valuesOf(row));
  const { broken } = db.now(() => verifyAudit(Buffer.from(header.keys.audit, "hex")));
  if (broken !== undefined) throw damaged(`its audit log is broken at event ${broken.seq}: ${broken.reason}`);
}

export function* allRows(db: Pick<Staged, "now">, table: Table): Generator<Row> {
  for (let last: Row | undefined; ; ) {
    const rows = db.now(() => rowsAfter(table, last));
    if (rows.length === 0) return;
    last = rows.at(-1);
    yield* rows;
  }
}

/** What a row must be besides fitting its table: what reads it later trusts it. */
const looks: Record<string, (row: Row) => void> = {
  resources: (row) => {
    const { id, kind: word, name } = row;
    const kind = findKind(String(word));
    if (kind === undefined || kind.kind !== word) throw damaged("it holds a kind that this mcpctl does not know");
    if (!isId(String(id)) || !isObject(parsedJson(String(row["fields"]))))
      throw damaged(`a ${kind.kind} in it is none`);
    const resource = toResource(row);
    try {
      parseManifest(kind, { name: resource.name, ...resource.fields }, `in the backup`);
    } catch (error) {
      const fields: readonly FieldError[] = error instanceof Problem ? (error.fields ?? []) : [];
      throw new Problem(
        "invalid",
        `the ${kind.kind} "${String(name)}" in this backup is not valid; nothing of it is used`,
        {
          fields,
          cause: error,
        },
      );
    }
  },
  // Other hashes are verified too, some at once and some for minutes.
  passwords: ({ hash }) => {
    if (!/^\$argon2id\$v=19\$m=\d{1,6},t=\d{1,2},p=\d{1,2}\$/.test(String(hash)))
      throw damaged("a password in it is none");
  },
  tokens: ({ id, hash, tools }) => {
    const patterns = tools === null ? [] : parsedJson(String(tools));
    const isList = Array.isArray(patterns) && patterns.every((pattern) => typeof pattern === "string");
    if (!isId(String(id)) || !/^[0-9a-f]{64}$/.test(String(hash)) || !isList) throw damaged("a token in it is none");
  },
};

const newer = ({ version, schema }: Header) =>
  new Problem(
    "invalid",
    `this backup was made by a newer mcpctl: its database is of version ${schema}, and this one knows up to ${schemaVersion}`,
    { hint: `restore it with mcpctl ${version} or a newer one` },
  );

/** What the database or the vault says of rows that are not what they should be. */
function asDamage(error: unknown): unknown {
  if (!(error instanceof Problem)) return error;
  if (error.code === "conflict") return damaged("a row stands in it twice");
  return error.code === "internal" ? damaged("a row in it is not what it should be") : error;
}
