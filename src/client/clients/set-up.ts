import { readFileSync } from "node:fs";
import { Problem } from "../../lib/problem.ts";
import type { Change, ClientRow, Scope, SetUpFile, Where, Wiring } from "./client.ts";
import { type Format, formatOf, merged, pathOf, readDocument, valueAt, without } from "./document/document.ts";
import { type Found, lookAt, replace } from "./files.ts";
import { dropCopy, keepCopy, readLedger, remember, sha256, type Written } from "./ledger.ts";

/** Where a client's file lies: as it is said, else the first of its places that is there. @throws Problem `invalid` */
export function fileOf(row: ClientRow, file: SetUpFile, where: Where, scope: Scope | undefined, said?: string): string {
  if (said !== undefined) return said;
  const places = scope === undefined ? (file.user ?? file.project) : file[scope];
  const found = places?.(where) ?? [];
  const [first] = found;
  if (first === undefined)
    throw new Problem("invalid", `${row.title} has no file of ${scope === "project" ? "a project" : "a user"}`, {
      hint: `leave out --scope, or say --file: mcpctl config ${row.id} --help`,
    });
  return found.find((path) => isThere(path)) ?? first;
}

function isThere(path: string): boolean {
  try {
    return lookAt(path).text !== undefined;
  } catch {
    // It is, in a way: whoever writes it is told.
    return true;
  }
}

/** The entry first, then what must stand elsewhere. */
export function changesFor(file: SetUpFile, wiring: Wiring, bridge: boolean): [Change, ...Change[]] {
  const entry = bridge || file.entry === undefined ? file.bridge(wiring) : file.entry(wiring);
  const first = file.list === undefined ? { at: [...file.at, wiring.name] } : { at: file.at, item: file.list };
  return [{ ...first, value: entry }, ...(bridge ? [] : (file.also?.(wiring) ?? []))];
}

/** What would be done to a file. Nothing has been done yet. */
export type Plan = {
  found: Found;
  format: Format;
  changes: readonly [Change, ...Change[]];
  text: string;
  /** The entry that is there already. */
  old: unknown;
  /** What we remember of it. */
  known: Written | undefined;
};

export type PlanFor = {
  row: ClientRow;
  file: SetUpFile;
  path: string;
  wiring: Wiring;
  bridge: boolean;
  home: string;
  force: boolean;
};

/**
 * What the file would become. @throws Problem `conflict` for an entry of that name that is not ours, `invalid` for a file that cannot be changed
 */
export async function planOf({ row, file, path, wiring, bridge, home, force }: PlanFor): Promise<Plan> {
  const format = await formatOf(file.format);
  const found = lookAt(path);
  const changes = changesFor(file, wiring, bridge);
  const isEmpty = found.text === undefined || found.text.trim() === "";
  const text = isEmpty && file.start !== undefined ? format.write(file.start) : (found.text ?? "");
  const document = readDocument(format, text, path);
  const old = valueAt(document, pathOf(document, changes[0], path));
  const known = readLedger(home).find((one) => one.client === row.id && one.file === path && one.name === wiring.name);
  if (old !== undefined && known === undefined && !force && !Bun.deepEquals(old, changes[0].value, true))
    throw new Problem("conflict", `${path} has an entry "${wiring.name}" that mcpctl did not write`, {
      hint: "give ours another name with --name, or replace it with --force; nothing was changed",
    });
  return { found, format, changes, text: merged(format, text, changes, path), old, known };
}

/** Does it. Answers where the file as it was is kept, if there was one and it changed. */
export function carryOut(
  plan: Plan,
  about: Pick<Written, "client" | "name" | "project" | "origin" | "token">,
  home: string,
  now: number,
): string | undefined {
  const { found, text, changes, known } = plan;
  if (text === found.text) return undefined;
  const again = known !== undefined && isUntouched(found, known);
  const copy = found.text === undefined || again ? "" : keepCopy(home, about.client, found.text, now);
  try {
    replace(found, text);
  } catch (error) {
    if (copy !== "") dropCopy(copy);
    throw error;
  }
  const before = known === undefined ? copy : again ? known.before : undefined;
  const also = changes.slice(1).map((change) => ({ ...change }));
  const written: Written = {
    ...about,
    file: found.path,
    changes: [withoutValue(changes[0]), ...also],
    sha256: sha256(text),
    ...(before === undefined ? {} : { before }),
    at: new Date(now).toISOString(),
  };
  remember(home, known ?? written, written);
  return copy === "" ? undefined : copy;
}

/** The entry may hold a token: it is known by its place. In a list it is known by its name. */
function withoutValue({ at, item, value }: Change): Change {
  return item === undefined
    ? { at, value: null }
    : { at, item, value: { [item]: (value as Record<string, unknown>)[item] } };
}

const isUntouched = ({ text }: Found, { sha256: left }: Written): boolean =>
  text !== undefined && sha256(text) === left;

/** Takes back what was written: the file as it was where nobody has changed it since, else our entry out of it. Answers in words which. */
export async function undo(file: SetUpFile, written: Written, home: string): Promise<string> {
  const found = lookAt(written.file);
  const { before } = written;
  let told: string;
  if (found.text === undefined) told = "the file is gone already";
  else if (isUntouched(found, written) && before === "") {
    const { rmSync } = await import("node:fs");
    rmSync(found.target);
    told = "the file was made for it, and is removed";
  } else if (isUntouched(found, written) && before !== undefined && copyOf(before) !== undefined) {
    replace(found, copyOf(before) ?? "");
    told = "the file is as it was before";
  } else told = await takeOut(found, await formatOf(file.format), written, readLedger(home));
  remember(home, written, undefined);
  if (before) dropCopy(before);
  return told;
}

function copyOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** What another entry of the file needs as well stays. */
async function takeOut(found: Found, format: Format, written: Written, ledger: readonly Written[]): Promise<string> {
  const others = ledger.filter((one) => one.file === written.file && one.name !== written.name);
  const needed = others.flatMap(({ changes }) => changes.slice(1));
  const ours = written.changes.filter((change) => !needed.some((other) => Bun.deepEquals(other, change, true)));
  let text = found.text ?? "";
  for (const change of ours) {
    const document = readDocument(format, text, found.path);
    const path = pathOf(document, change, found.path);
    if (valueAt(document, path) !== undefined) text = without(format, text, path, found.path);
  }
  if (text === found.text) return "the entry is gone already";
  replace(found, text);
  return "the entry is taken out; all else that is in the file now stays";
}
