import type { Static } from "@sinclair/typebox";
import { isObject } from "../lib/object.ts";
import type { FieldError } from "../lib/problem.ts";
import * as Type from "../lib/type.ts";
import { defineKind, Name, oneOf, text } from "./define.ts";
import { serverFields } from "./server-fields.ts";

const run = serverFields.properties;

const asked = {
  description: Type.Optional(text("What it is, and where one gets it")),
  required: Type.Optional(Type.Boolean({ description: "A server without it does not work" })),
  default: Type.Optional(text("What it is unless somebody says otherwise", 8192)),
};
const secret = Type.Optional(Type.Boolean({ description: "It opens something: it is kept in a secret" }));

const variable = Type.Object({
  name: Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]*$", maxLength: 128, description: "The variable" }),
  ...asked,
  secret,
});
const header = Type.Object({
  name: Type.String({ pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", maxLength: 128, description: "The header" }),
  ...asked,
  secret,
});
const argument = Type.Object({
  name: Type.String({
    pattern: "^[A-Za-z][A-Za-z0-9_-]*$",
    maxLength: 64,
    description: "Its word, which stands in braces where it goes: `{folder}`",
  }),
  ...asked,
  repeated: Type.Optional(Type.Boolean({ description: "It may be given several times, each an argument of its own" })),
});

const address = (description: string) =>
  Type.Optional(Type.String({ pattern: "^https?://[^\\s]+$", maxLength: 2048, description }));

const fields = Type.Object({
  description: run.description,
  transport: Type.Optional(run.transport),
  command: run.command,
  packageName: run.packageName,
  runtime: run.runtime,
  args: run.args,
  image: run.image,
  containerPort: run.containerPort,
  containerPath: run.containerPath,
  volumes: Type.Optional(
    Type.Array(Type.String({ minLength: 3, maxLength: 4096 }), {
      maxItems: 64,
      description: "Folders or volumes within an image: SOURCE:/TARGET or SOURCE:/TARGET:ro",
    }),
  ),
  network: run.network,
  url: Type.Optional(
    Type.String({
      pattern: "^(?:https?://|\\{)[^\\s@]+$",
      maxLength: 2048,
      description: "Address of a server somebody else runs, as `https://HOST/PATH`; words in braces are arguments",
    }),
  ),
  healthCheck: run.healthCheck,
  env: Type.Optional(Type.Array(variable, { maxItems: 128, description: "Variables that the server reads" })),
  headers: Type.Optional(Type.Array(header, { maxItems: 64, description: "Headers that the `url` asks for" })),
  arguments: Type.Optional(
    Type.Array(argument, { maxItems: 64, description: "What is filled in where it stands in braces, as `{folder}`" }),
  ),
  links: Type.Optional(
    Type.Object(
      { repository: address("Its source"), docs: address("Where it is explained") },
      { description: "Where more is told" },
    ),
  ),
  tags: Type.Optional(
    Type.Array(Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" }), {
      maxItems: 32,
      description: "Words by which `mcpctl search` finds it",
    }),
  ),
  source: Type.Optional(
    oneOf(
      ["built-in", "applied", "overlay"],
      "Of mcpctl, applied, or applied in the place of one of mcpctl's of the same name",
    ),
  ),
});
export type TemplateFields = Static<typeof fields>;

/** The fields that a server made from one has too. */
export const runFields = [
  "transport",
  "command",
  "packageName",
  "runtime",
  "args",
  "image",
  "containerPort",
  "containerPath",
  "volumes",
  "network",
  "url",
  "healthCheck",
] as const;

/** Of them, those whose words may hold arguments. */
export const filledFields = ["command", "args", "volumes", "url"] as const;

/** The arguments that a text asks for: the words in braces. Braces of JSON hold no bare word. */
export const placeholders = /\{([A-Za-z][A-Za-z0-9_-]*)\}/g;

const ways = ["command", "packageName", "image", "url"] as const;

function check(template: TemplateFields): FieldError[] {
  const given = ways.filter((way) => template[way] !== undefined);
  if (given.length !== 1) return [{ path: "", message: `give exactly one of ${ways.join(", ")}` }];
  const declared = new Set((template.arguments ?? []).map(({ name }) => name));
  const errors: FieldError[] = [];
  const used = new Set<string>();
  for (const field of filledFields) {
    const value = template[field];
    const texts = Array.isArray(value) ? value : [value ?? ""];
    for (const [index, text] of texts.entries())
      for (const [, word = ""] of text.matchAll(placeholders)) {
        used.add(word);
        if (declared.has(word)) continue;
        const path = Array.isArray(value) ? `/${field}/${index}` : `/${field}`;
        errors.push({ path, message: `{${word}} is none of its arguments` });
      }
  }
  for (const [index, { name }] of (template.arguments ?? []).entries())
    if (!used.has(name)) errors.push({ path: `/arguments/${index}`, message: `{${name}} stands nowhere` });
  return [...errors, ...twice(template)];
}

const twice = (template: TemplateFields): FieldError[] =>
  (["env", "headers", "arguments"] as const).flatMap((field) => {
    const names = (template[field] ?? []).map(({ name }) => name);
    return names.flatMap((name, index) =>
      names.indexOf(name) < index ? [{ path: `/${field}/${index}`, message: "is there already" }] : [],
    );
  });

const transports: Record<string, string> = { STDIO: "stdio", STREAMABLE_HTTP: "http", SSE: "sse" };

/** Files of the original say `dockerImage`, `externalUrl`, `repositoryUrl` and, of what is asked for, `isSecret`. */
function normalize(input: Record<string, unknown>): Record<string, unknown> {
  const { dockerImage, externalUrl, repositoryUrl, envTemplate, ...own } = input;
  const given: Record<string, unknown> = {
    ...(dockerImage === undefined ? {} : { image: dockerImage }),
    ...(externalUrl === undefined ? {} : { url: externalUrl }),
    ...(repositoryUrl === undefined ? {} : { links: { repository: repositoryUrl } }),
    ...(envTemplate === undefined ? {} : { env: envTemplate }),
    ...own,
  };
  const { transport, env } = given;
  if (typeof transport === "string") given["transport"] = transports[transport] ?? transport;
  if (Array.isArray(env)) given["env"] = env.map(declared);
  return given;
}

function declared(variable: unknown): unknown {
  if (!isObject(variable) || variable["isSecret"] === undefined) return variable;
  const { isSecret, ...rest } = variable;
  return isSecret === true ? { ...rest, secret: true } : rest;
}

/** What it runs, in one line: where the thing comes from, and its name. */
export function runsOf(template: TemplateFields): string {
  const { packageName, runtime, image, url, command = [] } = template;
  if (packageName !== undefined) return `${runtime === "python" ? "pypi" : "npm"} ${packageName}`;
  if (image !== undefined) return `image ${image}`;
  return url === undefined ? `command ${command.join(" ")}` : `url ${url}`;
}

/** What must be given before a server can be made of it. */
export const needsOf = ({ env = [], headers = [], arguments: args = [] }: TemplateFields): string[] => [
  ...args.filter(isNeeded).map(({ name }) => `{${name}}`),
  ...[...env, ...headers].filter(isNeeded).map(({ name }) => name),
];
const isNeeded = (one: { required?: boolean; default?: string }) => one.required === true && one.default === undefined;

export const Template = defineKind({
  kind: "template",
  plural: "templates",
  aliases: ["tpl"],
  description: "A server that is ready but for what only its user knows: create server NAME --from-template",
  verbs: ["list", "get", "create", "update", "delete"],
  name: Name,
  fields,
  columns: [
    { header: "SOURCE", value: (t) => String(t["source"] ?? "") },
    { header: "RUNS", value: (t) => runsOf(t as unknown as TemplateFields) },
    { header: "DESCRIPTION", value: (t) => String(t["description"] ?? "") },
  ],
  wide: [
    { header: "NEEDS", value: (t) => needsOf(t as unknown as TemplateFields).join(",") },
    { header: "TAGS", value: (t) => ((t["tags"] as string[] | undefined) ?? []).join(",") },
  ],
  readOnly: ["source"],
  isBuiltIn: ({ source }) => source === "built-in",
  normalize,
  check,
  deleted: ({ source }) => (source === "overlay" ? "restored to its default" : undefined),
  // Whoever makes a server of it trusts what it runs, and hands it a secret: writing that is no smaller right than writing the server.
  executes: [...runFields, "env", "headers"],
  example: {
    kind: "template",
    name: "docs",
    description: "Reads one folder",
    packageName: "@modelcontextprotocol/server-filesystem@2026.8.31",
    args: ["{folder}"],
    arguments: [{ name: "folder", description: "Which folder", required: true }],
  },
});
