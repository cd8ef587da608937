import type { DesiredServer } from "../instances/supervisor.ts";
import type { ServerRef } from "../mcp/upstream/connections.ts";
import type { Database } from "../storage/op.ts";
import { listResources } from "../storage/resources.ts";

/** A server is started with its secrets: a new version of one is a new server to run. */
export async function withRevisions(db: Database, servers: readonly ServerRef[]): Promise<DesiredServer[]> {
  const versions = new Map((await db.read(() => listResources("secret"))).map(({ name, version }) => [name, version]));
  return servers.map((server) => ({
    ...server,
    revision: (server.fields.env ?? [])
      .flatMap(({ valueFrom }) => versions.get(valueFrom?.secretRef.name ?? "") ?? [])
      .join(),
  }));
}
