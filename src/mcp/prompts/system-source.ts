import { isId } from "../../lib/id.ts";
import { Problem } from "../../lib/problem.ts";
import type { Scoped } from "../../rbac/scoped-source.ts";
import type { Source } from "../../rbac/source.ts";
import type { Resource } from "../../resources/define.ts";
import { faultsOf, type SystemPromptName, systemProject, systemPrompts } from "../../resources/system-prompts.ts";
import type { Op } from "../../storage/op.ts";

/** The prompts of projects, and in `mcpctl-system` mcpctl's own: those that somebody changed lie in the table, the others stand in the code. */
export function withSystemPrompts(table: Scoped): Source {
  function* listSystem(): Op<Resource[]> {
    const changed = new Map((yield* table.list(systemProject)).map((item) => [item.name, item]));
    return names.map((name) => {
      const item = changed.get(name);
      return item === undefined ? byDefault(name) : overriding(item);
    });
  }

  return {
    // Without a project: what people wrote.
    *list(scope) {
      return scope === systemProject ? yield* listSystem() : (yield* table.list(scope)).map(overriding);
    },
    *page(after, limit, scope) {
      if (scope === systemProject) return undefined;
      return (yield* table.page(after, limit, scope))?.map(({ place, item }) => ({ place, item: overriding(item) }));
    },
    *find(ref, scope) {
      const item = yield* table.find(ref, scope);
      if (item !== undefined) return overriding(item);
      const name = scope === systemProject && !isId(ref) ? ref : undefined;
      return defaultOf(name ?? (scope === undefined ? nameIn(ref) : undefined));
    },
    *named(name) {
      const items = (yield* table.named(name)).map(overriding);
      const unchanged = items.some(isSystem) ? undefined : defaultOf(name);
      return unchanged === undefined ? items : [...items, unchanged];
    },
    *save(name, fields, existing, by, also) {
      if (fields["project"] !== systemProject) return yield* table.save(name, fields, existing, by, also);
      const content = contentOf(name, fields, existing);
      const isChanged = existing?.status?.["default"] === false;
      if (existing !== undefined && content === existing["content"]) return { resource: existing, action: "unchanged" };
      if (content === byDefault(name as SystemPromptName)["content"]) {
        if (isChanged) yield* table.remove(existing as Resource, also);
        return { resource: byDefault(name as SystemPromptName), action: "configured" };
      }
      const kept = { ...fixed(name as SystemPromptName), content };
      const { resource } = yield* table.save(name, kept, isChanged ? existing : undefined, by, also);
      return { resource: overriding(resource), action: "configured" };
    },
    *remove(item, also) {
      if (item.status?.["default"] === true)
        throw new Problem("conflict", `prompt "${item.name}" is as mcpctl has it: there is nothing to restore`, {
          hint: `mcpctl edit prompt ${item.name} -p ${systemProject} changes it`,
        });
      yield* table.remove(item, also);
    },
  };
}

const names = (Object.keys(systemPrompts) as SystemPromptName[]).sort();
const isSystem = (item: Resource): boolean => item["project"] === systemProject;

const overriding = (item: Resource): Resource =>
  isSystem(item) ? { ...item, status: statusOf(item.name, false) } : item;

/** Whether it is as mcpctl has it, and what its text must hold. */
const statusOf = (name: string, isDefault: boolean) => {
  const variables = systemPrompts[name as SystemPromptName]?.variables ?? [];
  return { default: isDefault, ...(variables.length === 0 ? {} : { variables: variables.map((one) => `{{${one}}}`) }) };
};

/** All but its text, which is the only thing to change in one. */
const fixed = (name: SystemPromptName) => ({
  project: systemProject,
  description: systemPrompts[name].description,
  priority: 5,
});

/** Version 0 is what nobody has written; its id is no other's, and none that a row may have. */
const byDefault = (name: SystemPromptName): Resource => ({
  id: `${systemProject}/${name}`,
  name,
  ...fixed(name),
  content: systemPrompts[name].content,
  version: 0,
  createdAt: new Date(0).toISOString(),
  updatedAt: new Date(0).toISOString(),
  status: statusOf(name, true),
});

const defaultOf = (name: string | undefined): Resource | undefined =>
  name !== undefined && Object.hasOwn(systemPrompts, name) ? byDefault(name as SystemPromptName) : undefined;

const nameIn = (id: string): string | undefined =>
  id.startsWith(`${systemProject}/`) ? id.slice(systemProject.length + 1) : undefined;

/** The new text of one of mcpctl's own. @throws Problem `invalid` naming every field that is wrong */
function contentOf(name: string, { content, ...others }: Record<string, unknown>, existing?: Resource): string {
  const text = typeof content === "string" ? content : undefined;
  const isKnown = Object.hasOwn(systemPrompts, name);
  const same: Record<string, unknown> = isKnown ? fixed(name as SystemPromptName) : others;
  const fields = [
    // One that is there may be of an older mcpctl; saying it again changes nothing.
    ...(text !== undefined && text === existing?.["content"] ? [] : faultsOf(name, text ?? "")).map((message) => ({
      path: isKnown ? "/content" : "/name",
      message,
    })),
    ...Object.keys(others)
      .filter((field) => others[field] !== undefined && !Bun.deepEquals(others[field], same[field], true))
      .map((field) => ({ path: `/${field}`, message: "cannot be changed; only `content` can" })),
  ];
  if (fields.length === 0 && text !== undefined) return text;
  throw new Problem("invalid", `this prompt of ${systemProject} is not valid`, {
    fields,
    hint: `mcpctl get prompts -p ${systemProject}`,
  });
}
