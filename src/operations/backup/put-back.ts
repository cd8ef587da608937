import { type FieldError, Problem } from "../../lib/problem.ts";
import { type Action, actionFor, type Strategy } from "../../resources/backup-strategy.ts";
import type { AnyKind } from "../../resources/define.ts";
import { findKind, kinds } from "../../resources/index.ts";
import { backupTables, deferReferences, deleteRowsOf, insertRow, rowsOf, type Table } from "../../storage/backup.ts";
import type { Op, Row } from "../../storage/op.ts";
import {
  findResource,
  insertResource,
  nameInTable,
  replaceResource,
  resourceIds,
  type StoredResource,
} from "../../storage/resources.ts";
import { putSealed } from "../../storage/sealed.ts";
import type { Staged } from "../../storage/staged.ts";
import { findToken } from "../../storage/tokens.ts";
import { allRows, type Sealing } from "./stage.ts";

/** What became of one object. */
export type Outcome = { kind: AnyKind; id: string; name: string; action: Action; why?: string };

export type Hands = Sealing & {
  strategy: Strategy;
  /** Ends what is here, with all that goes with it, and records it. */
  end: (kind: AnyKind, id: string) => Op<void>;
  /** Records what was made, or changed. */
  wrote: (kind: AnyKind, before: StoredResource | undefined, after: StoredResource) => Op<void>;
};

/** Tokens hang on projects and accounts; groups and definitions may name tokens and accounts. */
const order = kinds.filter(({ kind }) => !["mcptoken", "group", "rbac"].includes(kind));
const later = kinds.filter(({ kind }) => ["group", "rbac"].includes(kind));
const tableOf = (name: string): Table => backupTables.find((table) => table.name === name) as Table;
const satellites: readonly Table[] = backupTables.filter((table: Table) => table.owner !== undefined);
/** What belongs to a resource as its fields do: when it differs, the resource does. */
const telling = ["passwords", "rbac_subjects", "group_members", "prompt_links"];

/**
 * Puts a sound backup back, within the transaction of whoever asks: all of it, or nothing when this throws. Ids stay what they are, since rights
 * bind to them; an object is restored whole or not at all.
 * @throws Problem `conflict` with what stands in the way, when nothing may be touched; `invalid` when something would refer to what is not there
 */
export function* putBack(db: Staged, hands: Hands): Op<Outcome[]> {
  yield* deferReferences();
  const outcomes: Outcome[] = [];
  for (const kind of order) yield* putBackKind(kind, db, hands, outcomes);
  yield* putBackTokens(db, hands, outcomes);
  for (const kind of later) yield* putBackKind(kind, db, hands, outcomes);
  // Of an account that was here a login that the backup has and we have not was ended since.
  const made = new Set(outcomes.filter(({ action }) => action === "created").map(({ id }) => id));
  for (const row of allRows(db, tableOf("sessions")))
    if (made.has(String(row["user_id"]))) yield* insertRow(tableOf("sessions"), row);
  refuseConflicts(outcomes);
  yield* checkReferences(outcomes);
  return outcomes;
}

function* putBackKind(kind: AnyKind, db: Staged, hands: Hands, outcomes: Outcome[]): Op<void> {
  for (const id of db.now(() => resourceIds(kind.kind))) {
    const row = db.now(() => findResource(kind.kind, id));
    if (row !== undefined) outcomes.push(yield* putBackOne(kind, row, db, hands));
  }
}

function* putBackOne(kind: AnyKind, row: StoredResource, db: Staged, hands: Hands): Op<Outcome> {
  const { id, name } = row;
  const shown = kind.scopes === undefined ? name : nameInTable(row).replace(/^\//, "");
  const outcome = (action: Action, why?: string): Outcome => ({
    kind,
    id,
    name: shown,
    action,
    ...(why === undefined ? {} : { why }),
  });
  const missing = yield* missingMember(db, id);
  if (missing !== undefined) return outcome("left out", `it speaks of ${missing}, which is another one here`);
  const here = yield* findResource(kind.kind, id);
  const namesake = yield* findResource(kind.kind, nameInTable(row));
  const isNameTaken = namesake !== undefined && namesake.id !== id;
  const isSame = here !== undefined && (yield* isEqual(here, row, db, hands));
  const action = actionFor(hands.strategy, {
    itself: here === undefined ? "absent" : isSame ? "same" : "changed",
    isNameTaken,
  });
  if (action === "conflict") return outcome("skipped", "conflict");
  if (action === "unchanged" || action === "skipped") return outcome(action);
  if (isNameTaken) yield* hands.end(kind, namesake.id);
  // Ending the other may have changed this one as well.
  const before = here === undefined ? undefined : yield* findResource(kind.kind, id);
  yield* write(row, before, db, hands);
  const after = yield* findResource(kind.kind, id);
  if (after !== undefined) yield* hands.wrote(kind, before, after);
  return outcome(action);
}

function* write(row: StoredResource, before: StoredResource | undefined, db: Staged, hands: Hands): Op<void> {
  // A version is never given twice: whoever edits what is here must be told that it changed.
  const version = before === undefined ? row.version : Math.max(before.version + 1, row.version);
  if (before === undefined) yield* insertResource(row);
  else yield* replaceResource({ ...row, version }, before.version);
  for (const table of satellites) {
    const rows = db.now(() => rowsOf(table, row.id));
    // Names that clients were shown once are never given to something else.
    if (before !== undefined && table.name !== "exposed_names") yield* deleteRowsOf(table, row.id);
    for (const one of rows) yield* writeSatellite(table, one, version, db, hands);
  }
}

function* writeSatellite(table: Table, row: Row, version: number, db: Staged, { seal, valuesOf }: Hands): Op<void> {
  if (table.name === "secret_values") {
    const data = db.now(() => valuesOf(row));
    return yield* putSealed(seal(String(row["secret_id"]), version, data));
  }
  if (table.name === "exposed_names" && !(yield* isHere(row["server_id"]))) return;
  yield* insertRow(table, row);
}

function* isEqual(here: StoredResource, row: StoredResource, db: Staged, { valuesOf }: Hands): Op<boolean> {
  if (here.name !== row.name || !Bun.deepEquals(here.fields, row.fields, true)) return false;
  for (const name of telling) {
    const table = tableOf(name);
    if (!Bun.deepEquals(sorted(yield* rowsOf(table, row.id)), sorted(db.now(() => rowsOf(table, row.id))), true))
      return false;
  }
  const sealed = tableOf("secret_values");
  const [[ours], [theirs]] = [yield* rowsOf(sealed, row.id), db.now(() => rowsOf(sealed, row.id))];
  if (ours === undefined || theirs === undefined) return ours === theirs;
  return Bun.deepEquals(
    yield* valuesOf(ours),
    db.now(() => valuesOf(theirs)),
    true,
  );
}

const sorted = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(Object.entries(row))).sort();

/** A subject or member of this that the backup has and that is not here under its id: its rights would go to nobody, or be the wrong one's. */
function* missingMember(db: Staged, id: string): Op<string | undefined> {
  const subjects = db.now(() => rowsOf(tableOf("rbac_subjects"), id)).map(({ subject }) => String(subject));
  const members = db.now(() => rowsOf(tableOf("group_members"), id)).map(({ member_id }) => String(member_id));
  for (const one of [...subjects, ...members]) {
    const bare = one.slice(one.indexOf(":") + 1);
    if (!(yield* isHere(bare)) && db.now(() => isHere(bare))) return db.now(() => nameOf(bare));
  }
  return undefined;
}

function* isHere(id: Row[string] | undefined): Op<boolean> {
  return (yield* nameOf(String(id))) !== undefined;
}

function* nameOf(id: string): Op<string | undefined> {
  for (const { kind } of kinds) {
    const found = kind === "mcptoken" ? yield* findToken(id, undefined) : yield* findResource(kind, id);
    if (found !== undefined) return `${kind} "${found.name}"`;
  }
  return undefined;
}

/** A token that is here stays as it is: what was ended since the backup is not brought to life. */
function* putBackTokens(db: Staged, hands: Hands, outcomes: Outcome[]): Op<void> {
  const kind = findKind("mcptoken") as AnyKind;
  for (const row of allRows(db, tableOf("tokens"))) {
    const [id, project] = [String(row["id"]), String(row["project_id"])];
    const outcome = (action: Action, why?: string): void => {
      const name = String(row["name"]);
      outcomes.push({ kind, id, name, action, ...(why === undefined ? {} : { why }) });
    };
    if ((yield* findToken(id, undefined)) !== undefined) {
      outcome("unchanged");
      continue;
    }
    const parents = [row["project_id"], row["owner_id"], ...(row["parent_id"] === null ? [] : [row["parent_id"]])];
    let isRooted = true;
    for (const parent of parents) isRooted &&= yield* isHere(parent);
    if (!isRooted) {
      outcome("left out", "its project, its owner or the token that minted it is another one here");
      continue;
    }
    const isLive = row["revoked_at"] === null && row["successor_id"] === null;
    const namesake = isLive ? yield* findToken(String(row["name"]), project) : undefined;
    const isNameTaken = namesake !== undefined && namesake.revokedAt === null && namesake.successorId === null;
    const action = actionFor(hands.strategy, { itself: "absent", isNameTaken });
    if (action === "conflict" || action === "skipped") {
      outcome("skipped", action === "conflict" ? action : undefined);
      continue;
    }
    if (isNameTaken) yield* hands.end(kind, namesake.id);
    yield* insertRow(tableOf("tokens"), row);
    outcome(action);
  }
}

function refuseConflicts(outcomes: readonly Outcome[]): void {
  const conflicts = outcomes.filter(({ why }) => why === "conflict");
  if (conflicts.length === 0) return;
  const fields: FieldError[] = conflicts
    .slice(0, 20)
    .map(({ kind, name }) => ({ path: "", message: `${kind.kind} ${name}` }));
  const count =
    conflicts.length === 1 ? "One object of the backup is" : `${conflicts.length} objects of the backup are`;
  throw new Problem("conflict", `${count} here already, and not as in the backup; nothing was changed`, {
    fields,
    hint: "--strategy skip keeps what is here, --strategy overwrite makes it what the backup says; --dry-run shows what either does",
  });
}

/** What was written must lead somewhere: what was skipped or left out may have been what it needs. */
function* checkReferences(outcomes: readonly Outcome[]): Op<void> {
  const fields: FieldError[] = [];
  for (const { kind, id, name, action } of outcomes) {
    if ((action !== "created" && action !== "overwritten") || kind.kind === "mcptoken") continue;
    const row = yield* findResource(kind.kind, id);
    for (const { plural, name: target } of kind.references?.(row?.fields ?? {}) ?? []) {
      const wanted = findKind(plural);
      // A token is named by the digits of its subject; whether it is there, its definition's own rows have told.
      if (wanted === undefined || wanted.kind === "mcptoken") continue;
      if ((yield* findResource(wanted.kind, target)) === undefined)
        fields.push({ path: "", message: `${kind.kind} ${name} needs ${wanted.kind} ${target}, which is not here` });
    }
  }
  if (fields.length > 0)
    throw new Problem("invalid", "something in this backup refers to what is not there; nothing was changed", {
      fields: fields.slice(0, 20),
    });
}
