import type { Credential } from "../auth/access-token.ts";
import { callerOf } from "../auth/authenticate.ts";
import type { BearerKeys } from "../auth/bearer.ts";
import type { Clock } from "../lib/clock.ts";
import { frozen } from "../lib/frozen.ts";
import { isId } from "../lib/id.ts";
import { Problem } from "../lib/problem.ts";
import { remember } from "../lib/remember.ts";
import type { Endpoint } from "../mcp/endpoint.ts";
import type { ServerRef } from "../mcp/upstream/connections.ts";
import type { Admission, Use, Visitor } from "../mcp/visit.ts";
import { decide } from "../rbac/evaluate.ts";
import { policyOf } from "../rbac/policy.ts";
import { decideCall, demand, type Rights, reachesServer, rightsOf } from "../rbac/rights.ts";
import { present } from "../rbac/source.ts";
import type { Resource } from "../resources/define.ts";
import { type ProjectFields, serverNames } from "../resources/project.ts";
import type { Database, Op } from "../storage/op.ts";
import { findNamed, findResource } from "../storage/resources.ts";
import { type Admitted, Entry, type KnownServers, rememberedAdmissions } from "./remembered.ts";
import { serverRef } from "./status.ts";

/** Whose servers are kept at once. */
const mostProjects = 256;

/** What is there and not open to the caller, who is told that there is no such thing; the audit log is told better. */
export class Unseen extends Problem {}

/**
 * Who is it, may they, which project and servers: asked for each MCP request, so that revoking, disabling or demoting is felt by the very next
 * one. What was read is good for as long as nothing else was committed; then it is read again, in one transaction. A token of another project
 * gets 403 whether that project exists or not.
 */
export function admission(db: Database, hashKeys: BearerKeys, clock: Clock, used: (tokenId: string) => void) {
  const remembered = rememberedAdmissions(db, clock);

  async function read(visitor: Visitor, bearer: Credential, at: number | undefined) {
    const { endpoint } = visitor;
    const known = at === undefined ? undefined : remembered.servers;
    const { caller, admitted } = await db.read(function* () {
      const caller = yield* callerOf(hashKeys, bearer, clock.now());
      visitor.caller = caller;
      return { caller, admitted: yield* admit(yield* rightsOf(caller), endpoint, known) };
    });
    const entry = new Entry(caller, admitted);
    remembered.keep(at, endpoint, bearer, entry);
    return enter(visitor, entry);
  }

  function enter(visitor: Visitor, entry: Entry): Admission {
    const { caller } = entry;
    visitor.caller = caller;
    if (caller.kind === "token") used(caller.token.id);
    return entry.from(visitor.address);
  }

  return (visitor: Visitor, bearer: Credential): Admission | Promise<Admission> => {
    const at = remembered.look();
    const entry = at === undefined ? undefined : remembered.find(visitor.endpoint, bearer);
    return entry === undefined ? read(visitor, bearer, at) : enter(visitor, entry);
  };
}

/** @throws Problem 401, 403, 404 */
function* admit(rights: Rights, endpoint: Endpoint, known?: KnownServers): Op<Admitted> {
  const project = yield* projectOf(rights, endpoint.project);
  const { name } = project;
  const fields = project as unknown as ProjectFields;
  const whole = decide(rights.layers, { verb: "run", resource: "projects", name }).allowed;
  const servers = known?.get(project.id) ?? (yield* serversOf(fields));
  if (known !== undefined) remember(known, project.id, servers, mostProjects);
  const isFiltered = !whole || rights.filters.some(({ tools }) => tools !== null);
  const reaches = (server: string) => reachesServer(rights, server, name);
  if (!whole && !servers.some((server) => reaches(server.name)))
    demand(rights, { verb: "run", resource: "projects", name });
  return {
    project: frozen({ id: project.id, name, version: project.version, fields }),
    servers: endpoint.server === undefined ? servers : [only(servers, endpoint.server, reaches)],
    reaches: isFiltered ? reaches : undefined,
    // A server's name holds no `*`, so what is no single tool needs the right to all of them.
    mayCall: isFiltered ? (server, tool) => decideCall(rights, `${server}/${tool ?? "*"}`, name).allowed : undefined,
    policy: isFiltered ? () => policyOf(rights) : undefined,
    readOnly: rights.filters.some(({ readOnly }) => readOnly),
    principal: rights.tokenId ?? rights.userId,
    actor: rights.actor,
  };
}

/** In the project's order; one that is not there is left out. */
function* serversOf(fields: ProjectFields): Op<readonly ServerRef[]> {
  const names = serverNames(fields);
  const rows = yield* findNamed("server", names);
  const servers: ServerRef[] = [];
  for (const name of names) {
    const row = isId(name) ? yield* findResource("server", name) : rows.get(name);
    if (row !== undefined) servers.push(frozen(serverRef(present(row))));
  }
  return servers;
}

/** One of a project's servers. What is not in it and what the caller may not reach are told alike. @throws Problem 404 */
function only(servers: readonly ServerRef[], ref: string, reaches: (server: string) => boolean): ServerRef {
  const server = servers.find(({ id, name }) => id === ref || name === ref);
  if (server !== undefined && reaches(server.name)) return server;
  throw new (server === undefined ? Problem : Unseen)("not_found", "This project has no server of this name for you", {
    hint: "mcpctl describe project NAME shows its servers",
  });
}

/** The same question again, of what goes on. @throws Problem 401, 403, 404 */
export function* mayEnter(rights: Rights, endpoint: Endpoint, use?: Use): Op<void> {
  const { mayCall } = yield* admit(rights, endpoint);
  if (use !== undefined && mayCall?.(use.server, use.tool) === false)
    throw new Problem("forbidden", `The right to use this of server "${use.server}" has ended`, {
      hint: "mcpctl auth can-i run tools/SERVER/TOOL",
    });
}

/** Whoever may not use any project is told the same of those that exist and those that do not. */
function* projectOf(rights: Rights, ref: string | undefined): Op<Resource> {
  if (rights.project !== undefined) {
    if (ref === undefined || ref === rights.project.name || ref === rights.project.id) return rights.project;
    throw new Problem("forbidden", "This token is for another project", {
      hint: "mcpctl token create NAME -p PROJECT",
    });
  }
  if (ref === undefined) {
    throw new Problem("invalid", "A login does not name a project", {
      hint: "use /projects/PROJECT/mcp, or a token, which names its own",
    });
  }
  const row = yield* findResource("project", ref);
  if (row !== undefined) return present(row);
  demand(rights, { verb: "run", resource: "projects", name: ref });
  throw new Problem("not_found", "There is no project of this name", { hint: "mcpctl get projects" });
}
