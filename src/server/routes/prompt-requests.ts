import { isObject } from "../../lib/object.ts";
import { Problem } from "../../lib/problem.ts";
import * as Type from "../../lib/type.ts";
import type { Rights } from "../../rbac/rights.ts";
import type { Saved } from "../../rbac/source.ts";
import type { Resource } from "../../resources/define.ts";
import { parseManifest } from "../../resources/parse.ts";
import { Prompt } from "../../resources/prompt.ts";
import { PromptRequest, type PromptRequestFields } from "../../resources/prompt-request.ts";
import type { Op } from "../../storage/op.ts";
import { deleteResource } from "../../storage/resources.ts";
import { readJson } from "../body.ts";
import type { Rooms } from "../rooms.ts";
import { asCaller, type Route } from "../route.ts";

const common = {
  method: "POST",
  permission: { store: { verb: "update", resource: PromptRequest.plural } },
  tag: PromptRequest.plural,
  query: { project: "The project it is of" },
} as const;

/**
 * What a person says of a proposal; either way it is gone. Approving takes the right to write the prompt as well: a proposal may come from
 * somebody who lacks it.
 */
export const promptRequestRoutes: Route[] = [
  {
    ...common,
    path: "/api/v1/promptrequests/:ref/approve",
    summary: "Make the prompt that was proposed; needs the right on prompts too",
    body: () =>
      Type.Object({ replace: Type.Optional(Type.Boolean({ description: "Also in the place of one of this name" })) }),
    answer: () => answer({ action: Type.String({ description: "What became of the prompt: created or configured" }) }),
    handle: async (call, rooms) => {
      const replace = replaceIn(await readJson(call.request));
      const within = call.query.get("project") ?? undefined;
      const { request, saved } = await asCaller("write", call, rooms, function* (rights) {
        const request = yield* rooms.store.find(rights, PromptRequest, call.params["ref"] ?? "", "update", within);
        const saved = yield* adopt(rights, request, replace, rooms);
        yield* settle(rights, request, "approve", rooms);
        return { request, saved };
      });
      await rooms.changedAll([
        { kind: PromptRequest, id: request.id },
        { kind: Prompt, id: saved.resource.id },
      ]);
      return { ...settled(request, "approved"), action: saved.action };
    },
  },
  {
    ...common,
    path: "/api/v1/promptrequests/:ref/reject",
    summary: "Put a proposal away; nothing comes of it",
    body: () => Type.Object({}),
    answer: () => answer({}),
    handle: async (call, rooms) => {
      const body = await readJson(call.request);
      if (!isObject(body) || Object.keys(body).length > 0) throw new Problem("invalid", "The body is {}");
      const within = call.query.get("project") ?? undefined;
      const request = await asCaller("write", call, rooms, function* (rights) {
        const request = yield* rooms.store.find(rights, PromptRequest, call.params["ref"] ?? "", "update", within);
        yield* settle(rights, request, "reject", rooms);
        return request;
      });
      await rooms.changed(PromptRequest, request);
      return settled(request, "rejected");
    },
  },
];

/** The prompt, through the store that every write goes through. Of one that is replaced the description stays: a proposal has none. */
function* adopt(rights: Rights, request: Resource, replace: boolean, { store }: Rooms): Op<Saved> {
  const { name } = request;
  const { project, content, priority } = request as unknown as PromptRequestFields;
  const prompt = { name, project, content, priority };
  try {
    return yield* store.save(rights, parseManifest(Prompt, prompt), "create");
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "conflict") throw error;
    if (!replace) throw isThere(name, project);
  }
  const { description } = yield* store.find(rights, Prompt, name, "update", project);
  return yield* store.save(rights, parseManifest(Prompt, { ...prompt, description: description ?? null }), "apply");
}

function* settle(rights: Rights, request: Resource, action: "approve" | "reject", rooms: Rooms): Op<void> {
  yield* deleteResource(request.id);
  yield* rooms.record(rights, { kind: PromptRequest, action, before: request });
}

const settled = ({ name, id, ...fields }: Resource, state: string) => ({
  kind: PromptRequest.kind,
  name,
  id,
  project: fields["project"],
  state,
});

const answer = (more: Record<string, ReturnType<typeof Type.String>>) =>
  Type.Object({
    kind: Type.String({ description: "promptrequest" }),
    name: Type.String({ description: "Its name, which is the prompt's" }),
    id: Type.String({ description: "The proposal's id" }),
    project: Type.String({ description: "The project it is of" }),
    state: Type.String({ description: "approved or rejected" }),
    ...more,
  });

const isThere = (name: string, project: string) =>
  new Problem("conflict", `project "${project}" has a prompt "${name}" already`, {
    hint: `compare them: mcpctl describe prompt ${name} -p ${project}; then mcpctl approve promptrequest ${name} -p ${project} --replace`,
  });

function replaceIn(body: unknown): boolean {
  const { replace = false, ...rest } = isObject(body) ? body : { wrong: true };
  if (typeof replace === "boolean" && Object.keys(rest).length === 0) return replace;
  throw new Problem("invalid", "The body is {replace?: true}");
}
