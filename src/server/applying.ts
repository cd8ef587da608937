import { Problem } from "../lib/problem.ts";
import type { Rights } from "../rbac/rights.ts";
import type { Saved } from "../rbac/source.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { kinds } from "../resources/index.ts";
import { type Manifest, readManifests } from "../resources/parse.ts";
import type { Op } from "../storage/op.ts";
import { savepoint } from "../storage/savepoint.ts";
import { hashed } from "./hashed.ts";
import { type Found, keysRefused, type Probed } from "./probed.ts";
import type { Rooms } from "./rooms.ts";
import type { Call } from "./route.ts";
import { withWarnings } from "./warnings.ts";

/** One manifest of a request, and where it stood there: the number of its document, from 1. */
export type Entry = { document: number; manifest: Manifest };
/** What became of one: saved, or why it was not. A document that is no manifest has no kind that is known. */
export type Outcome = { document: number; kind?: string; name?: string; manifest?: Manifest } & (
  | { error: Problem }
  | { saved: Saved; before?: Resource | undefined; error?: undefined }
);
type Refused = Outcome & { error: Problem };

/** What goes, by its id. */
export type Doomed = { kind: AnyKind; id: string };
/** What became of it; `gone` is what it was. */
export type Ending = Doomed & ({ gone: Resource } | { error: Problem });

/** What is wrong with one document, as opposed to what is wrong with all of us. */
const ofOneDocument: readonly string[] = ["invalid", "forbidden", "conflict", "not_found"];

/** A problem of one document as a value, where each stands on its own; what was thrown otherwise. */
function refused(error: unknown, atomic: boolean): Problem {
  if (!atomic && error instanceof Problem && ofOneDocument.includes(error.code)) return error;
  throw error;
}

/** The manifests within documents, in the order in which kinds refer to one another. Those that tell of what has ended are left out. */
export function entriesOf(documents: readonly unknown[], atomic: boolean): [Entry[], Refused[]] {
  const entries: Entry[] = [];
  const failed: Refused[] = [];
  for (const [index, value] of documents.entries()) {
    const document = index + 1;
    for (const { kind, name, ...read } of readManifests(value, `document ${document}`)) {
      if (read.error !== undefined)
        failed.push({ document, ...(kind && { kind }), ...(name && { name }), error: refused(read.error, atomic) });
      else if (read.manifest.ended !== true) entries.push({ document, manifest: read.manifest });
    }
  }
  return [entries.toSorted((a, b) => rankOf(a.manifest.kind) - rankOf(b.manifest.kind)), failed];
}

const rank = new Map<unknown, number>(kinds.map((kind, index) => [kind, index]));
const rankOf = (kind: AnyKind): number => rank.get(kind) ?? 0;

/** The same with passwords hashed, without those of users whom the caller may not write. */
export async function hashedEntries(
  entries: readonly Entry[],
  atomic: boolean,
  call: Call,
  rooms: Rooms,
): Promise<[Entry[], Refused[]]> {
  if (atomic) {
    const manifests = await hashed(
      entries.map(({ manifest }) => manifest),
      "apply",
      call,
      rooms,
    );
    return [entries.map((entry, i) => ({ ...entry, manifest: manifests[i] ?? entry.manifest })), []];
  }
  const ready: Entry[] = [];
  const failed: Refused[] = [];
  for (const entry of entries) {
    try {
      const [manifest = entry.manifest] = await hashed([entry.manifest], "apply", call, rooms);
      ready.push({ ...entry, manifest });
    } catch (error) {
      failed.push(failure(entry, refused(error, atomic)));
    }
  }
  return [ready, failed];
}

/** Without the llms whose key is refused. @throws Problem `invalid` where all stand or fall together */
export function withGoodKeys(
  entries: readonly Entry[],
  found: readonly Found[],
  atomic: boolean,
): [Entry[], Refused[]] {
  const bad = atomic ? keysRefused(found) : undefined;
  if (bad !== undefined) throw bad;
  const good: Entry[] = [];
  const failed: Refused[] = [];
  for (const entry of entries) {
    const { kind, name } = entry.manifest;
    const error = kind.kind === "llm" ? keysRefused(found.filter((one) => one.name === name)) : undefined;
    if (error === undefined) good.push(entry);
    else failed.push(failure(entry, error));
  }
  return [good, failed];
}

const failure = ({ document, manifest }: Entry, error: Problem): Refused => ({
  document,
  kind: manifest.kind.kind,
  name: manifest.name,
  manifest,
  error,
});

export type Plan = { entries: readonly Entry[]; doomed: readonly Doomed[]; atomic: boolean; shows: boolean };

/** Saves what is to be, then ends what is not; each on its own, or the first problem of any ends the transaction. */
export function* carryOut(
  { entries, doomed, atomic, shows }: Plan,
  asked: Probed,
  rights: Rights,
  rooms: Rooms,
): Op<{ outcomes: Outcome[]; endings: Ending[] }> {
  const outcomes: Outcome[] = [];
  for (const entry of entries) {
    const { kind, name, fields } = entry.manifest;
    const before = shows ? yield* seen(rights, kind, name, fields["project"], rooms) : undefined;
    const saved = yield* tried(atomic, () => rooms.store.save(rights, entry.manifest, "apply"));
    if (saved instanceof Problem) outcomes.push(failure(entry, saved));
    else outcomes.push({ document: entry.document, kind: kind.kind, name, manifest: entry.manifest, saved, before });
  }
  const endings: Ending[] = [];
  for (const one of doomed.toSorted((a, b) => rankOf(b.kind) - rankOf(a.kind))) {
    const gone = yield* tried(atomic, () => removed(one, rights, rooms));
    if (gone instanceof Problem) endings.push({ ...one, error: gone });
    else if (gone !== undefined) endings.push({ ...one, gone });
  }
  // Only now: a server may come after the project in what is applied.
  for (const outcome of outcomes) {
    if (outcome.error !== undefined || outcome.manifest === undefined) continue;
    const { saved } = outcome;
    const resource = yield* withWarnings(rooms, rights, outcome.manifest.kind, saved.resource, asked);
    outcome.saved = { ...saved, resource };
  }
  return { outcomes, endings };
}

function* tried<T>(atomic: boolean, operation: () => Op<T>): Op<T | Problem> {
  if (atomic) return yield* operation();
  try {
    return yield* savepoint(operation);
  } catch (error) {
    return refused(error, false);
  }
}

/** Undefined where it is gone already, which is all that was wanted. */
function* removed({ kind, id }: Doomed, rights: Rights, { store }: Rooms): Op<Resource | undefined> {
  try {
    return yield* store.remove(rights, kind, id);
  } catch (error) {
    if (error instanceof Problem && error.code === "not_found") return undefined;
    throw error;
  }
}

/** What is there now, as far as the caller may view it. */
function* seen(
  rights: Rights,
  kind: AnyKind,
  name: string,
  project: unknown,
  { store }: Rooms,
): Op<Resource | undefined> {
  try {
    return yield* store.get(rights, kind, name, typeof project === "string" ? project : kind.scopes && "");
  } catch (error) {
    if (error instanceof Problem && ofOneDocument.includes(error.code)) return undefined;
    throw error;
  }
}
