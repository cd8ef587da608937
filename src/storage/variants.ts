import { type Op, type Row, sql } from "./op.ts";

/** Lists that a server gives to clients of these abilities, once they were read. `variant` names the abilities in short. */
type StoredVariant = { serverId: string; fingerprint: string; variant: string; abilities: string; listedAt: number };

/** Remembers that it was listed. Answers whether it was for the first time. Beyond `most` of a server the longest unlisted goes, with its pins. */
export function* putVariant(
  { serverId, fingerprint, variant, abilities, listedAt }: StoredVariant,
  most: number,
): Op<boolean> {
  const rows: Row[] =
    yield sql`SELECT variant FROM variants WHERE server_id = ${serverId} AND fingerprint = ${fingerprint}
    ORDER BY listed_at DESC, variant`;
  const known = rows.map((row) => String(row["variant"]));
  const isFirst = !known.includes(variant);
  for (const gone of isFirst ? known.slice(most - 1) : []) {
    yield sql`DELETE FROM variants WHERE server_id = ${serverId} AND fingerprint = ${fingerprint} AND variant = ${gone}`;
    yield sql`DELETE FROM tool_pins WHERE server_id = ${serverId} AND fingerprint = ${fingerprint} AND variant = ${gone}`;
  }
  yield sql`INSERT INTO variants (server_id, fingerprint, variant, abilities, listed_at)
    SELECT id, ${fingerprint}, ${variant}, ${abilities}, ${listedAt} FROM resources WHERE id = ${serverId}
    ON CONFLICT (server_id, fingerprint, variant) DO UPDATE SET listed_at = excluded.listed_at`;
  return isFirst;
}

/** Lets go of what was listed while the server executed something else. */
export function* deleteOtherVariants(serverId: string, fingerprint: string): Op<void> {
  yield sql`DELETE FROM variants WHERE server_id = ${serverId} AND fingerprint <> ${fingerprint}`;
}
