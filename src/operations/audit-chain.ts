import { createHmac, timingSafeEqual } from "../lib/crypto.ts";
import type { AuditPlace, AuditRow, SignedPlace } from "../storage/audit.ts";

/** What makes a chain of rows, and finds the first that is not what was written. Pure: rows and keys in, words out. */

/** Gives rows their numbers and hashes, going on from a place: the rows themselves, of which nobody else has seen them. */
export function chained(from: AuditPlace, rows: AuditRow[]): AuditRow[] {
  let { seq, hash } = from;
  for (const row of rows) {
    row.seq = ++seq;
    row.hash = rowHash(hash, row);
    hash = row.hash;
  }
  return rows;
}

/**
 * SHA-256 over the hash before and every column, in a fixed order. JSON keeps them apart: no two lists of texts, whole numbers and nulls are
 * written alike, as long as the texts are well-formed (see `storable`).
 */
export function rowHash(before: string, row: Omit<AuditRow, "hash">): string {
  const columns = [
    "mcpctl-audit-1",
    before,
    row.seq,
    row.at,
    row.kind,
    row.outcome,
    row.subject,
    row.user,
    row.tokenName,
    row.tokenSha,
    row.sessionId,
    row.address,
    row.project,
    row.server,
    row.tool,
    row.action,
    row.resource,
    row.durationMs,
    row.requestBytes,
    row.responseBytes,
    row.detail,
  ];
  return Bun.SHA256.hash(JSON.stringify(columns), "hex");
}

/** What a place is signed as: the end of the chain at some time, or where retention cut it. Neither can stand for the other. */
export type SealOf = "head" | "anchor";

export function sealed(of: SealOf, key: Buffer, { seq, hash }: AuditPlace, at: number): SignedPlace {
  return { seq, hash, at, mac: macOf(of, key, { seq, hash, at }) };
}

function isGenuine(of: SealOf, key: Buffer, place: SignedPlace): boolean {
  const [given, right] = [Buffer.from(place.mac), Buffer.from(macOf(of, key, place))];
  return given.length === right.length && timingSafeEqual(given, right);
}

const macOf = (of: SealOf, key: Buffer, { seq, hash, at }: Omit<SignedPlace, "mac">) =>
  createHmac("sha256", key)
    .update(JSON.stringify([of, seq, hash, at]))
    .digest("hex");

/** The first row that is not as it was written, and in which way. */
export type Broken = { seq: number; reason: string };

export type ChainCheck = {
  /** The next rows in order; answers the first broken one, after which nothing more need be asked. */
  take: (rows: readonly AuditRow[]) => Broken | undefined;
  /** After the last row: whether the chain is as long as what was signed. */
  end: () => Broken | undefined;
};

/**
 * Follows a chain from its anchor, row by row, in memory that does not grow with it. Without the key hashes alone are compared: whoever can
 * write the file can then compute a new chain; with it, not beyond the last head that was signed.
 */
export function checkChain(anchor: SignedPlace, heads: readonly SignedPlace[], key: Buffer | undefined): ChainCheck {
  const signed = new Map(heads.map((head) => [head.seq, head]));
  const isForged = (head: SignedPlace) => key !== undefined && !isGenuine("head", key, head);
  const cut =
    key !== undefined && anchor.seq > 0 && !isGenuine("anchor", key, anchor)
      ? { seq: anchor.seq, reason: "the rows up to here were taken away, and not by retention" }
      : undefined;
  let { seq, hash } = anchor;
  let lastSigned = anchor.seq;

  function wrong(row: AuditRow): Broken | undefined {
    if (row.seq <= seq) return { seq: row.seq, reason: "it lies before the beginning of the chain" };
    if (row.seq !== seq + 1) return { seq: seq + 1, reason: `it is missing: the next row is ${row.seq}` };
    if (row.hash !== rowHash(hash, row)) return { seq: row.seq, reason: "its content does not fit its hash" };
    const head = signed.get(row.seq);
    if (head === undefined) return undefined;
    if (isForged(head)) return { seq: row.seq, reason: "its head was not signed with this key" };
    if (head.hash !== row.hash)
      return { seq: lastSigned + 1, reason: `the rows from here to ${row.seq} are not those that were signed` };
    lastSigned = row.seq;
    return undefined;
  }

  return {
    take(rows) {
      if (cut !== undefined) return cut;
      for (const row of rows) {
        const broken = wrong(row);
        if (broken !== undefined) return broken;
        ({ seq, hash } = row);
      }
      return undefined;
    },
    end() {
      if (cut !== undefined) return cut;
      const last = heads.at(-1);
      if (last !== undefined && last.seq > seq) {
        const reason = isForged(last) ? "a head that is not of this key" : "a head";
        return { seq: seq + 1, reason: `it is missing: ${reason} was signed at row ${last.seq}` };
      }
      if (last === undefined && key !== undefined && seq > 0)
        return { seq: anchor.seq + 1, reason: "no head was ever signed, and one is with the first row" };
      return undefined;
    },
  };
}
