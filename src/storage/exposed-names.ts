import { type Op, type Row, sql } from "./op.ts";

/** A name that clients of a project were shown, and what it leads to. Rows go with their project and their server. */
export type ExposedName = { list: "tools" | "prompts"; shown: string; serverId: string; own: string };

export function* listExposedNames(projectId: string): Op<ExposedName[]> {
  const rows: Row[] = yield sql`SELECT * FROM exposed_names WHERE project_id = ${projectId}`;
  return rows.map((row) => ({
    list: row["list"] === "tools" ? "tools" : "prompts",
    shown: String(row["shown"]),
    serverId: String(row["server_id"]),
    own: String(row["own"]),
  }));
}

/** The first one stays. Nothing is kept of a project or server that was deleted meanwhile. */
export function* insertExposedName(projectId: string, { list, shown, serverId, own }: ExposedName): Op<void> {
  yield sql`INSERT INTO exposed_names (project_id, list, shown, server_id, own)
    SELECT project.id, ${list}, ${shown}, server.id, ${own} FROM resources AS project, resources AS server
    WHERE project.id = ${projectId} AND server.id = ${serverId} ON CONFLICT DO NOTHING`;
}
