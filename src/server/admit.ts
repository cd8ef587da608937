import { bearerIn, callerOf } from "../auth/authenticate.ts";
import type { Clock } from "../lib/clock.ts";
import { Problem } from "../lib/problem.ts";
import type { Admission } from "../mcp/gateway.ts";
import { type Caller, demand, rightsOf } from "../rbac/rights.ts";
import { present } from "../rbac/source.ts";
import type { ProjectFields } from "../resources/project.ts";
import type { Database, Op } from "../storage/op.ts";
import { findResource } from "../storage/resources.ts";
import { actorOf, identified, type Senders } from "./sender.ts";
import { serverRef } from "./status.ts";

/**
 * Who is it, may they, which project and servers: one read transaction for each MCP request, so that revoking, disabling or demoting is
 * felt by the very next one. A token of another project gets 403 whether that project exists or not.
 */
export function admission(
  db: Database,
  hashKey: Buffer,
  clock: Clock,
  used: (tokenId: string) => void,
  senders: Senders,
) {
  return async (request: Request, project: string | undefined): Promise<Admission> => {
    const bearer = bearerIn(request.headers.get("authorization"));
    const { caller, admitted } = await db.read(function* () {
      const caller = yield* callerOf(hashKey, bearer, clock.now());
      identified(senders, request, caller);
      return { caller, admitted: { ...(yield* admit(caller, project)), actor: yield* actorOf(caller) } };
    });
    if (caller.kind === "token") used(caller.tokenId);
    return { ...admitted, address: senders.get(request)?.address };
  };
}

function* admit(caller: Caller, ref: string | undefined): Op<Admission> {
  const rights = yield* rightsOf(caller);
  const wanted = ref ?? rights.project?.id;
  if (wanted === undefined) {
    throw new Problem("invalid", "A login does not name a project", {
      hint: "use /projects/PROJECT/mcp, or a token, which names its own",
    });
  }
  const project = yield* findResource("project", wanted);
  if (rights.project !== undefined && rights.project.id !== project?.id) {
    throw new Problem("forbidden", "This token is for another project", {
      hint: "mcpctl token create NAME -p PROJECT",
    });
  }
  demand(rights, { verb: "run", resource: "projects", name: project?.name ?? wanted });
  if (project === undefined)
    throw new Problem("not_found", "There is no project of this name", { hint: "mcpctl get projects" });
  const fields = project.fields as ProjectFields;
  const servers = [];
  for (const name of fields.servers) {
    const server = yield* findResource("server", name);
    if (server !== undefined) servers.push(serverRef(present(server)));
  }
  return { project: { id: project.id, name: project.name, version: project.version, fields }, servers };
}
