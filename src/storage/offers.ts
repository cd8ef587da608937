import { type Op, type Row, sql } from "./op.ts";

/** What a server last said it offers. `body` is the gateway's JSON; `fingerprint` says which configuration of the server said it. */
export type StoredOffer = { serverId: string; fingerprint: string; body: string; fetchedAt: number };

export function* putOffer({ serverId, fingerprint, body, fetchedAt }: StoredOffer): Op<void> {
  yield sql`INSERT INTO offers (server_id, fingerprint, body, fetched_at) SELECT id, ${fingerprint}, ${body}, ${fetchedAt}
    FROM resources WHERE id = ${serverId}
    ON CONFLICT (server_id) DO UPDATE SET fingerprint = excluded.fingerprint, body = excluded.body, fetched_at = excluded.fetched_at`;
}

export function* listOffers(): Op<StoredOffer[]> {
  const rows: Row[] = yield sql`SELECT * FROM offers`;
  return rows.map(toOffer);
}

export function* findOffer(serverId: string): Op<StoredOffer | undefined> {
  const rows: Row[] = yield sql`SELECT * FROM offers WHERE server_id = ${serverId}`;
  return rows[0] === undefined ? undefined : toOffer(rows[0]);
}

const toOffer = (row: Row): StoredOffer => ({
  serverId: String(row["server_id"]),
  fingerprint: String(row["fingerprint"]),
  body: String(row["body"]),
  fetchedAt: Number(row["fetched_at"]),
});
