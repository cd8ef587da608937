import type { ProjectFields } from "../../resources/project.ts";
import { serverNames } from "../../resources/project.ts";
import { linkTarget } from "../../resources/prompt.ts";
import type { ServerFields } from "../../resources/server.ts";
import type { Op } from "../../storage/op.ts";
import { findLink } from "../../storage/prompt-links.ts";
import { findResource } from "../../storage/resources.ts";
import type { ServerRef } from "../upstream/connections.ts";

export type Linked = { id: string; link: string };
export type Target = { server: ServerRef; uri: string };

/** Whether an account may read a server's resources in a project, as things are. */
export type MayRead = (ownerId: string, project: { name: string }, server: { name: string }) => Op<boolean>;

const again = "delete the prompt and create it anew to answer for it yourself";

/** Where a link leads at this moment, with the rights that who wrote it has now; or why it leads nowhere. */
export function* targetOf({ id, link }: Linked, mayRead: MayRead): Op<Target | { dead: string }> {
  const named = linkTarget(link);
  const bound = yield* findLink(id);
  if (named === undefined || bound === undefined) return { dead: `nobody answers for it; ${again}` };
  const project = yield* findResource("project", bound.projectId);
  if (project === undefined) return { dead: `project "${named.project}" is gone` };
  const server = yield* findResource("server", bound.serverId);
  if (server === undefined) return { dead: `server "${named.server}" is gone` };
  if (!serverNames(project.fields as ProjectFields).includes(server.name))
    return { dead: `project "${project.name}" does not have server "${server.name}" any more` };
  if (!(yield* mayRead(bound.ownerId, project, server)))
    return {
      dead: `who wrote the link may not read server "${server.name}" of project "${project.name}" any more; ${again}`,
    };
  const { name, version } = server;
  return { server: { id: server.id, name, version, fields: server.fields as ServerFields }, uri: named.uri };
}
