import type { Static } from "@sinclair/typebox";
import { isToolPattern } from "../lib/pattern.ts";
import type { FieldError } from "../lib/problem.ts";
import * as Type from "../lib/type.ts";
import { defineKind, Name, oneOf, type PluralOf, type Reference, text } from "./define.ts";

export const roles = ["view", "create", "edit", "delete", "run"] as const;
export type Role = (typeof roles)[number];

/** What an operation binding may name; the page in docs/ says what each opens. */
export const actions = [
  "logs",
  "servers-execute",
  "audit-read",
  "log-level",
  "metrics",
  "cache",
  "backup",
  "restore",
  "impersonate",
] as const;

export const Binding = Type.Object({
  role: oneOf(roles, "`edit` is view, create, update and delete"),
  resource: Type.Optional(Type.String({ maxLength: 64, description: "A kind in plural, `tools`, or `*`" })),
  name: Type.Optional(
    Type.String({
      maxLength: 256,
      description: "Only the resource of this name; of tools a pattern such as `files/*`",
    }),
  ),
  action: Type.Optional(Type.String({ maxLength: 64, description: `With role run: ${actions.join(", ")} or *` })),
});
export type Binding = Static<typeof Binding>;

/** Who may be given rights, and the kind behind each. */
export const subjectPlurals = {
  User: "users",
  Group: "groups",
  ServiceAccount: "serviceaccounts",
  McpToken: "mcptokens",
} as const;
export type SubjectKind = keyof typeof subjectPlurals;
export const subjectKinds = Object.keys(subjectPlurals) as SubjectKind[];

const fields = Type.Object({
  description: Type.Optional(text("Why these subjects have these rights")),
  subjects: Type.Array(
    Type.Object({
      kind: oneOf(subjectKinds, "What sort of subject"),
      name: Type.String({
        maxLength: 256,
        description:
          "A user's e-mail address, a group's or service account's name, or the 16 digits of a token's subject",
      }),
    }),
    { maxItems: 1000, description: "Who gets the rights" },
  ),
  roleBindings: Type.Array(Binding, {
    maxItems: 1000,
    description: "The rights; additive, nothing is ever taken away",
  }),
});
export type RbacFields = Static<typeof fields>;

export const Rbac = defineKind({
  kind: "rbac",
  plural: "rbac",
  aliases: ["rbacs", "rbacdefinition", "rbacdefinitions"],
  description: "A definition of rights: who may do what",
  verbs: ["list", "get", "create", "update", "delete"],
  name: Name,
  fields,
  columns: [
    {
      header: "SUBJECTS",
      value: (r) => (r as unknown as RbacFields).subjects.map((s) => `${s.kind}:${s.name}`).join(","),
    },
    { header: "BINDINGS", value: (r) => (r as unknown as RbacFields).roleBindings.map(showBinding).join(" ") },
  ],
  normalize: (input, pluralOf) => ({ ...input, roleBindings: normalBindings(input["roleBindings"], pluralOf) }),
  check: (definition, pluralOf) => checkBindings(definition.roleBindings, pluralOf),
  references: (definition) =>
    definition.subjects.map(
      ({ kind, name }, index): Reference => ({
        plural: subjectPlurals[kind],
        name,
        path: `/subjects/${index}/name`,
        ends: kind !== "Group",
      }),
    ),
  flagNames: { roleBindings: "roleBindings" },
  example: {
    kind: "rbac",
    name: "docs-team",
    subjects: [{ kind: "User", name: "alice@example.com" }],
    roleBindings: [
      { role: "view", resource: "servers" },
      { role: "run", resource: "projects", name: "demo" },
    ],
  },
});

/** The spelling of `--roleBindings`, used wherever a binding is shown. */
export const showBinding = (binding: Binding): string =>
  binding.action === undefined
    ? [
        `role:${binding.role}`,
        `resource:${binding.resource}`,
        ...(binding.name === undefined ? [] : [`name:${binding.name}`]),
      ].join(",")
    : `action:${binding.action}`;

/** Kinds may be written in any of their words; rights are kept by plural. */
export function normalBindings(bindings: unknown, pluralOf: PluralOf): unknown {
  if (!Array.isArray(bindings)) return bindings;
  return bindings.map((binding: unknown) => {
    const resource = (binding as Partial<Binding> | null)?.resource;
    const plural = typeof resource === "string" ? (resource === "tool" ? "tools" : pluralOf(resource)) : undefined;
    return plural === undefined ? binding : { ...(binding as Binding), resource: plural };
  });
}

export const checkBindings = (bindings: readonly Binding[], pluralOf: PluralOf): FieldError[] =>
  bindings.flatMap((binding, index) => checkBinding(binding, `/roleBindings/${index}`, pluralOf));

function checkBinding(binding: Binding, path: string, pluralOf: PluralOf): FieldError[] {
  if (binding.action === undefined) {
    if (binding.resource === undefined) return [{ path, message: "give a resource, or role run with an action" }];
    return checkResource(binding, path, pluralOf);
  }
  const errors: FieldError[] = [];
  if (binding.role !== "run") errors.push({ path: `${path}/role`, message: "an action goes with role run" });
  if (binding.resource !== undefined || binding.name !== undefined)
    errors.push({ path, message: "an action has no resource and no name" });
  if (binding.action !== "*" && !(actions as readonly string[]).includes(binding.action)) {
    errors.push({ path: `${path}/action`, message: `there is no such action; there are ${actions.join(", ")} and *` });
  }
  return errors;
}

function checkResource({ role, resource = "", name }: Binding, path: string, pluralOf: PluralOf): FieldError[] {
  if (resource === "tools") {
    if (role !== "run") return [{ path: `${path}/role`, message: "tools are run and nothing else: write role run" }];
    if (name === undefined || isToolPattern(name)) return [];
    return [{ path: `${path}/name`, message: "a tool is named SERVER/TOOL, with * for any run of characters" }];
  }
  if (resource !== "*" && pluralOf(resource) === undefined)
    return [
      { path: `${path}/resource`, message: "there is no such kind; write a plural such as servers, tools, or *" },
    ];
  if (name?.includes("*") === true)
    return [{ path: `${path}/name`, message: "only tools take a pattern; leave the name out for all of them" }];
  return [];
}
