import { type Op, type Row, sql } from "./op.ts";

/** Who wrote a prompt's link, and the project and server that it led to then. Ids, none of which need exist any more. */
export type LinkBinding = { ownerId: string; projectId: string; serverId: string };

export function* findLink(promptId: string): Op<LinkBinding | undefined> {
  const [row]: Row[] =
    yield sql`SELECT owner_id, project_id, server_id FROM prompt_links WHERE prompt_id = ${promptId}`;
  return row === undefined
    ? undefined
    : { ownerId: String(row["owner_id"]), projectId: String(row["project_id"]), serverId: String(row["server_id"]) };
}

export function* putLink(promptId: string, { ownerId, projectId, serverId }: LinkBinding): Op<void> {
  yield sql`INSERT INTO prompt_links (prompt_id, owner_id, project_id, server_id)
    VALUES (${promptId}, ${ownerId}, ${projectId}, ${serverId})
    ON CONFLICT (prompt_id) DO UPDATE SET owner_id = excluded.owner_id, project_id = excluded.project_id,
      server_id = excluded.server_id`;
}

export function* deleteLink(promptId: string): Op<void> {
  yield sql`DELETE FROM prompt_links WHERE prompt_id = ${promptId}`;
}
