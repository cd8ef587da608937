import type { Bytes } from "../../lib/age.ts";
import { parsedJson } from "../../lib/json.ts";
import { isObject } from "../../lib/object.ts";
import { Problem } from "../../lib/problem.ts";
import { turn } from "../../lib/wait.ts";
import type { Value } from "../../storage/op.ts";

/** What stands within the age envelope: lines of JSON. A header, a row each, and an end that says how many there were (docs/backup.md). */
export type Header = {
  mcpctl: "backup";
  /** Of the lines; raised when an older reader would take them for something else. */
  format: number;
  /** Of the program that wrote it. */
  version: string;
  /** Of its database: rows are as its tables have them. */
  schema: number;
  createdAt: string;
  counts: Readonly<Record<string, number>>;
  /** Under which bearers are stored, so that tokens stay what they are, and with which the audit log is signed; in hex. */
  keys: { bearer: readonly string[]; audit: string };
};

/** A row as the table has it; of a secret its values stand there as they are, since they are sealed anew wherever they go. */
export type Entry = { table: string; row: Record<string, Value | Record<string, string>> };

export const formatVersion = 1;
/** A secret of 64 values of 64 KiB, each character written as six. */
const longestLine = 32 * 1024 * 1024;
const batchRows = 200;

/** Lines, the last of which says how many rows came before and what all the bytes before it come to. */
export async function* written(header: Header, entries: Iterable<Entry[]>): Bytes & AsyncGenerator<Uint8Array> {
  const hasher = new Bun.CryptoHasher("sha256");
  const bytesOf = (values: readonly unknown[]) => {
    const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
    hasher.update(bytes);
    return bytes;
  };
  let rows = 0;
  yield bytesOf([header]);
  for (const batch of entries) {
    rows += batch.length;
    yield bytesOf(batch);
    // Reading is synchronous: others have their turn in between.
    await turn();
  }
  yield Buffer.from(`${JSON.stringify({ end: { rows, sha256: hasher.digest("hex") } })}\n`);
}

type Reader = {
  begin: (header: Header) => void;
  take: (entries: readonly Entry[]) => Promise<void>;
};

/**
 * Reads it once, in memory that does not grow with it. Only when this answers is anything in it to be believed.
 * @throws Problem `invalid` for what is no backup, of a newer kind, or not whole
 */
export async function readBackup(bytes: Bytes, { begin, take }: Reader): Promise<Header> {
  const hasher = new Bun.CryptoHasher("sha256");
  let header: Header | undefined;
  let rows = 0;
  let batch: Entry[] = [];
  let hasEnded = false;
  for await (const line of linesOf(bytes)) {
    if (hasEnded) throw damaged("something stands after its end");
    const value = parsedJson(line);
    if (header === undefined) {
      header = headerIn(value);
      begin(header);
    } else if (isObject(value) && isObject(value["end"])) {
      hasEnded = true;
      const { rows: told, sha256 } = value["end"];
      if (told !== rows || sha256 !== hasher.digest("hex")) throw damaged("it does not come to what its end says");
      continue;
    } else {
      batch.push(entryIn(value, rows + 1));
      rows++;
    }
    hasher.update(`${line}\n`);
    if (batch.length < batchRows) continue;
    await take(batch);
    batch = [];
  }
  if (header === undefined || !hasEnded) throw damaged("it has no end");
  await take(batch);
  return header;
}

function headerIn(value: unknown): Header {
  if (!isObject(value) || value["mcpctl"] !== "backup") throw damaged("it does not begin as a backup");
  const { format, version, schema, createdAt, counts, keys } = value;
  if (typeof format !== "number" || typeof version !== "string") throw damaged("its header is incomplete");
  if (format > formatVersion)
    throw new Problem(
      "invalid",
      `this backup is of format ${format}, and this mcpctl reads up to format ${formatVersion}`,
      { hint: `it was made with mcpctl ${version}: restore it with that version or a newer one` },
    );
  const isWhole =
    Number.isInteger(schema) &&
    typeof createdAt === "string" &&
    isObject(counts) &&
    isObject(keys) &&
    Array.isArray(keys["bearer"]) &&
    [...keys["bearer"], keys["audit"]].every((key) => typeof key === "string" && /^[0-9a-f]{64}$/.test(key));
  if (!isWhole) throw damaged("its header is incomplete");
  return value as Header;
}

function entryIn(value: unknown, number: number): Entry {
  const { table, row } = isObject(value) ? value : {};
  if (typeof table === "string" && isObject(row)) return { table, row: row as Entry["row"] };
  throw damaged(`row ${number} is none`);
}

async function* linesOf(bytes: Bytes): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let pending = "";
  for await (const chunk of bytes) {
    const lines = (pending + decoded(() => decoder.decode(chunk, { stream: true }))).split("\n");
    pending = lines.pop() ?? "";
    yield* lines;
    if (pending.length > longestLine) throw damaged("it has a line that is too long");
  }
  if (pending + decoded(() => decoder.decode()) !== "") throw damaged("it ends in the middle of a line");
}

function decoded(work: () => string): string {
  try {
    return work();
  } catch {
    throw damaged("it is not UTF-8");
  }
}

export const damaged = (why: string) =>
  new Problem("invalid", `this is no whole backup: ${why}; nothing of it is used`, { hint: "take another copy of it" });
