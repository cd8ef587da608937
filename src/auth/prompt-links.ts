import { Problem } from "../lib/problem.ts";
import { missingFor } from "../rbac/evaluate.ts";
import { decideCall, type Rights, refusalOf, rightsOf } from "../rbac/rights.ts";
import type { Source } from "../rbac/source.ts";
import type { Resource } from "../resources/define.ts";
import { type ProjectFields, serverNames } from "../resources/project.ts";
import { linkTarget } from "../resources/prompt.ts";
import type { Op } from "../storage/op.ts";
import { deleteLink, type LinkBinding, putLink } from "../storage/prompt-links.ts";
import { findResource } from "../storage/resources.ts";

/**
 * Prompts whose links are read with the rights of who wrote them: whoever writes one must be allowed to read what it leads to. A link that somebody
 * else leaves as it is stays with its writer, and can be made neither wider by that nor void; in another project it would be read by others, so
 * there it is a new one.
 */
export const withLinkOwners = (prompts: Source): Source => ({
  ...prompts,
  *save(name, fields, existing, by, also) {
    if (prompts.save === undefined) throw new Problem("internal", "prompts have no table");
    const link = fields["link"] as string | undefined;
    const isKept = link === existing?.["link"] && fields["project"] === existing?.["project"];
    const bound = link === undefined || isKept ? undefined : yield* bindingOf(by, link);
    const saved = yield* prompts.save(name, fields, existing, by, also);
    if (bound !== undefined) yield* putLink(saved.resource.id, bound);
    else if (link === undefined) yield* deleteLink(saved.resource.id);
    return saved;
  },
});

/** What the link leads to at this moment, and who answers for it. @throws Problem `forbidden`, then `invalid` for what does not exist */
function* bindingOf(by: Rights, link: string): Op<LinkBinding> {
  const target = linkTarget(link);
  if (target === undefined) throw nowhere("is not PROJECT/SERVER:URI");
  const project = yield* findResource("project", target.project);
  const server = yield* findResource("server", target.server);
  const decision = decideCall(by, `${server?.name ?? target.server}/*`, project?.name ?? target.project);
  // The right that is missing is told as the link names it: what an id leads to is nothing to tell somebody who may not see it.
  if (!decision.allowed)
    throw refusalOf(by, {
      ...decision,
      missing: missingFor({ verb: "run", resource: "projects", name: target.project }),
      because: decision.because ?? "the link is read with the rights of who writes it",
    });
  if (project === undefined) throw nowhere("there is no project of this name");
  if (server === undefined || !serverNames(project.fields as ProjectFields).includes(server.name))
    throw nowhere(`project "${project.name}" has no server of this name`);
  return { ownerId: by.userId, projectId: project.id, serverId: server.id };
}

const nowhere = (message: string) =>
  new Problem("invalid", "the link of this prompt leads nowhere", {
    fields: [{ path: "/link", message }],
    hint: "write it as PROJECT/SERVER:URI; mcpctl describe project NAME shows a project's servers",
  });

/** Whether this account may at this moment read a server's resources in a project. One that is gone or disabled may nothing. */
export function* mayReadLink(
  ownerId: string,
  { name: project }: Pick<Resource, "name">,
  server: Pick<Resource, "name">,
): Op<boolean> {
  try {
    const rights = yield* rightsOf({ kind: "session", principalId: ownerId, sessionId: "" });
    return decideCall(rights, `${server.name}/*`, project).allowed;
  } catch (error) {
    if (error instanceof Problem && error.code === "unauthenticated") return false;
    throw error;
  }
}
