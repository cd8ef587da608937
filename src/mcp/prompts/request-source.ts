import { Problem } from "../../lib/problem.ts";
import type { Scoped } from "../../rbac/scoped-source.ts";
import type { Source } from "../../rbac/source.ts";
import { mostRequests, PromptRequest } from "../../resources/prompt-request.ts";
import type { Op } from "../../storage/op.ts";
import { listWithin } from "../../storage/resources.ts";

/** Proposals as a kind: bounded in number, never changed, so that what was looked at is what is approved; and each says who made it. */
export const requestSource = (table: Scoped): Source => ({
  ...table,
  *save(name, fields, existing, by, also) {
    if (existing === undefined) {
      yield* refuseTooMany(String(fields["project"]));
      return yield* table.save(name, { ...fields, proposedBy: by.actor.subject }, undefined, by, also);
    }
    const { project: _, ...given } = fields;
    const same = Object.keys(PromptRequest.fields.properties)
      .filter((field) => field !== "project" && field !== "proposedBy")
      .every((field) => Bun.deepEquals(given[field], existing[field], true));
    if (same) return { resource: existing, action: "unchanged" };
    throw new Problem("conflict", `promptrequest "${name}" waits already, and is not changed`, {
      hint: `mcpctl reject promptrequest ${name} -p ${existing["project"]}, then make another`,
    });
  },
});

/** For whoever is about to propose one more in the project of this name. @throws Problem `conflict` */
export function* refuseTooMany(project: string): Op<void> {
  if ((yield* listWithin(PromptRequest.kind, project)).length < mostRequests) return;
  throw new Problem("conflict", `${mostRequests} promptrequests wait in this project already`, {
    hint: `approve or reject some first: mcpctl get promptrequests -p ${project}`,
  });
}
