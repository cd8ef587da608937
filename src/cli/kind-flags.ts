import type { TSchema } from "@sinclair/typebox";
import { parsedJson } from "../lib/json.ts";
import { Problem } from "../lib/problem.ts";
import { parseBinding } from "../resources/binding.ts";
import type { AnyKind } from "../resources/define.ts";
import { findKind } from "../resources/index.ts";
import { Server } from "../resources/server.ts";
import { unknownKind } from "../resources/unknown-kind.ts";
import { dryRunFlag } from "./dry-run.ts";
import { namesIn, numberIn, objectFrom, readValue, secretIn } from "./object-flag.ts";
import { stagesIn } from "./stages-flag.ts";
import { type Args, type Flag, type Flags, globalFlags, kebab, passwordStdin } from "./verb.ts";

/** How a field is written as a flag, and read back from one. A field of a new shape is one row here. */
type Shape = {
  fits: (field: string, schema: TSchema) => boolean;
  flag: { type: "string" | "boolean"; multiple?: boolean; hint?: string };
  /** `flags` are all that the kind has. */
  read: (values: readonly string[], flag: string, schema: TSchema, flags: readonly string[]) => unknown;
};

const shapes: readonly Shape[] = [
  {
    fits: (field) => field === "roleBindings",
    flag: { type: "string", multiple: true, hint: "RIGHT" },
    read: (values, flag) =>
      values.map((value, index) =>
        parseBinding(value, values.length === 1 ? `--${flag}` : `--${flag} number ${index + 1}`),
      ),
  },
  {
    fits: (field) => field === "subjects",
    flag: { type: "string", multiple: true, hint: "KIND:NAME" },
    read: (values) => values.flatMap(commas).map(subject),
  },
  {
    // What a template asks for.
    fits: (_, schema) => schema["items"]?.["properties"]?.["required"] !== undefined,
    flag: { type: "string", multiple: true, hint: "name=NAME,KEY=VALUE,…" },
    read: (values, flag, schema, flags) => values.map((value) => objectFrom([value], flag, schema["items"], flags)),
  },
  {
    fits: (field) => field === "env" || field === "headers",
    flag: { type: "string", multiple: true, hint: "NAME=VALUE|secret:SECRET/KEY" },
    read: (values, flag) => values.map((value) => valued(value, flag)),
  },
  {
    fits: (field) => field === "stages",
    flag: { type: "string", multiple: true, hint: "TYPE[:KEY=VALUE,…],…" },
    read: stagesIn,
  },
  {
    // What may hold a comma of its own.
    fits: (field) => field === "args" || field === "volumes",
    flag: { type: "string", multiple: true, hint: "TEXT" },
    read: (values) => [...values],
  },
  {
    fits: (_, schema) => schema["type"] === "array" && schema["items"]?.["type"] === "object",
    flag: { type: "string", multiple: true, hint: "KEY=VALUE,…" },
    read: (values, flag, schema, flags) =>
      values.map((value) => objectFrom([value], flag, schema["items"] as TSchema, flags)),
  },
  {
    fits: (_, schema) => schema["type"] === "array",
    flag: { type: "string", multiple: true, hint: "A,B" },
    read: (values) => values.flatMap(commas),
  },
  {
    fits: (_, schema) => schema["patternProperties"] !== undefined,
    flag: { type: "string", multiple: true, hint: "KEY=VALUE" },
    read: (values, field) => Object.fromEntries(values.map((value) => pair(value, field))),
  },
  {
    fits: (_, schema) => schema["properties"]?.["secretRef"] !== undefined,
    flag: { type: "string", hint: "secret:SECRET/KEY" },
    read: (values, flag) => secretFrom(values.at(-1) ?? "", flag),
  },
  {
    fits: (_, schema) => schema["type"] === "object",
    flag: { type: "string", multiple: true, hint: "KEY=VALUE,…" },
    read: objectFrom,
  },
  {
    fits: (_, schema) => schema["type"] === "boolean",
    flag: { type: "boolean" },
    read: (_values, _flag, schema) => schema["default"] !== true,
  },
  {
    fits: (_, schema) => schema["type"] === "integer",
    flag: { type: "string", hint: "NUMBER" },
    read: (values, flag) => numberIn(values.at(-1) ?? "", `--${flag}`, true),
  },
  {
    fits: (_, schema) => schema["type"] === "number",
    flag: { type: "string", hint: "NUMBER" },
    read: (values, flag) => numberIn(values.at(-1) ?? "", `--${flag}`, false),
  },
  { fits: () => true, flag: { type: "string", hint: "TEXT" }, read: (values) => values.at(-1) },
];

/**
 * A flag for every field that may be written; `command` stands after `--`, a password never on the command line.
 * @throws Problem `invalid` for a kind that there is not, or that nobody creates
 */
export function flagsOfKind(word: string): Flags {
  const kind = findKind(word);
  if (kind === undefined) throw /\.(ya?ml|json)$/.test(word) ? noFiles() : unknownKind(word);
  if (!kind.verbs.includes("create"))
    throw new Problem("invalid", `${kind.plural} are not created: ${kind.description.toLowerCase()}`);
  const old = kind.kind === "rbac" ? { binding: gone, operation: gone } : {};
  return {
    ...Object.fromEntries(
      writable(kind).flatMap(([field, schema]) => [
        [flagName(kind, field, schema), flagOf(field, schema)],
        ...(field === "content" ? [[contentFile, ofContent]] : []),
      ]),
    ),
    ...("password" in kind.fields.properties ? passwordStdin : {}),
    ...(kind === Server ? ofTemplate : {}),
    ...old,
    filename: { type: "string", short: "f", hidden: true, description: "What apply takes" },
    ...dryRunFlag,
    // A token has a --force of its own, which ends the one before.
    ...(kind.verbs.includes("update") ? { force } : {}),
  };
}

const force: Flag = { type: "boolean", description: "Replace the one that is there, if there is one" };

/** How a server is made of a template; `from-template.ts` reads them. */
const ofTemplate: Flags = {
  "from-template": {
    type: "string",
    hint: "TEMPLATE",
    completes: "<template>",
    description: "Make it of a template: mcpctl get templates",
  },
  "env-from-secret": {
    type: "string",
    hint: "SECRET",
    completes: "<secret>",
    description: "Where what the template asks for lies, each under its own name",
  },
  arg: { type: "string", multiple: true, hint: "NAME=VALUE", description: "What stands in braces in the template" },
};

/** A text that is too long for a command line. */
export const contentFile = "content-file";
const ofContent: Flag = { type: "string", hint: "FILE", description: "The same out of a file; - is standard input" };

/** The same problem, in the words of who wrote flags and no manifest. */
export function inFlags(kind: AnyKind, { code, message, fields = [], hint, status }: Problem): Problem {
  const named = fields.map(({ path, message: what }) => ({ path: flagAt(kind, path), message: what }));
  return new Problem(code, message, { fields: named, status, ...(hint === undefined ? {} : { hint }) });
}

function flagAt(kind: AnyKind, path: string): string {
  const [field = "", ...rest] = path.slice(1).split("/");
  const schema = writable(kind).find(([name]) => name === field)?.[1];
  if (schema === undefined) return path;
  const places = rest.map((step) => (/^\d+$/.test(step) ? `number ${Number(step) + 1}` : step));
  return [`--${flagName(kind, field, schema)}`, ...places].join(" ");
}

/** The fields that a command line gives. @throws Problem `invalid` */
export function fieldsFrom(kind: AnyKind, args: Args): Record<string, unknown> {
  for (const old of ["binding", "operation"]) {
    if (args.flags(old).length > 0)
      throw new Problem("invalid", `--${old} is now --roleBindings`, {
        hint: "--roleBindings role:edit,resource:servers, or --roleBindings action:logs",
      });
  }
  const fields: Record<string, unknown> = {};
  const flags = writable(kind).map(([field, schema]) => flagName(kind, field, schema));
  for (const [field, schema] of writable(kind)) {
    const flag = flagName(kind, field, schema);
    const values = args.flags(flag);
    if (values.length > 0) fields[field] = readWith(shapeOf(field, schema), values, flag, schema, flags);
  }
  return fields;
}

/** A field as a change of it says it: as its flag does, and true or false where the flag has no value. @throws Problem `invalid` */
export function readField(field: string, values: readonly string[], schema: TSchema): unknown {
  const isPlain = schema["type"] === "boolean" || (schema["type"] === "object" && isJson(values.at(-1) ?? ""));
  if (isPlain) return readValue(values.at(-1) ?? "", field, schema);
  try {
    return readWith(shapeOf(field, schema), values, field, schema, []);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem(error.code, error.message.replace(`--${field}`, field), { cause: error });
  }
}

/** An entry that is more than a word may be written as a manifest has it, in JSON; several of them as a list. */
function readWith(shape: Shape, values: readonly string[], flag: string, schema: TSchema, flags: readonly string[]) {
  const isOfWords = schema["type"] !== "array" || schema["items"]?.["type"] === "string";
  if (isOfWords || !values.some(isJson)) return shape.read(values, flag, schema, flags);
  return values.flatMap((value) => {
    if (!isJson(value)) return shape.read([value], flag, schema, flags);
    const entries = parsedJson(value);
    if (entries === undefined) throw new Problem("invalid", `--${flag} begins as JSON does, and is none`);
    return entries;
  });
}

const isJson = (text: string): boolean => /^\s*[[{]/.test(text);

const noFiles = () =>
  new Problem("invalid", "create takes flags, and no files", {
    hint: "mcpctl apply -f FILE creates what is in a file",
  });

/** @throws Problem `invalid` for `-f`, which is apply's */
export function refuseFiles(args: Args): void {
  if (args.flag("filename") !== undefined) throw noFiles();
}

const gone = { type: "string", multiple: true, hidden: true, description: "Now --roleBindings" } as const;
/** What has another place on a command line, or none. */
const unwritten = new Set(["command", "password"]);

function writable(kind: AnyKind): [string, TSchema][] {
  const readOnly = new Set(kind.readOnly ?? []);
  return Object.entries(kind.fields.properties as Record<string, TSchema>).filter(
    ([field]) => !readOnly.has(field) && !unwritten.has(field),
  );
}

/** What is so unless somebody says otherwise has a flag that says otherwise. */
const flagName = (kind: AnyKind, field: string, { default: usual }: TSchema): string =>
  kind.flagNames?.[field] ?? (usual === true ? `no-${kebab(field)}` : kebab(field));

const shapeOf = (field: string, schema: TSchema): Shape => shapes.find(({ fits }) => fits(field, schema)) as Shape;

function flagOf(field: string, schema: TSchema) {
  // `-p NAME` stays that where a kind has a project of its own.
  const { short, hint } = (globalFlags as Flags)[kebab(field)] ?? {};
  const choices = Array.isArray(schema["enum"]) ? schema["enum"].join("|") : undefined;
  return {
    ...shapeOf(field, schema).flag,
    ...(short === undefined ? {} : { short, hint }),
    ...(choices === undefined ? {} : { hint: choices }),
    description: descriptionOf(field, schema),
  };
}

/** Of an object its keys too: nobody knows them by heart. */
function descriptionOf(field: string, schema: TSchema): string {
  const said = String(schema["description"] ?? field);
  const description = schema["default"] === true ? `${said}; with this flag it is not` : said;
  const isSecret = schema["properties"]?.["secretRef"] !== undefined;
  return schema["type"] === "object" && schema["properties"] !== undefined && !isSecret
    ? `${description}: ${namesIn(schema)}`
    : description;
}

const commas = (text: string): string[] =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");

/** A name alone is a user's. */
function subject(text: string): { kind: string; name: string } {
  const at = text.indexOf(":");
  return at < 0 ? { kind: "User", name: text } : { kind: text.slice(0, at).trim(), name: text.slice(at + 1).trim() };
}

function valued(text: string, flag: string): Record<string, unknown> {
  const [name, value] = pair(text, flag);
  const secret = secretIn(value);
  if (secret === undefined && value.startsWith("secret:"))
    throw new Problem("invalid", `--${flag}: a secret is written NAME=secret:SECRET/KEY`);
  return secret === undefined ? { name, value } : { name, valueFrom: secret };
}

function secretFrom(text: string, flag: string) {
  const secret = secretIn(text);
  if (secret === undefined) throw new Problem("invalid", `--${flag} takes secret:SECRET/KEY`);
  return secret;
}

/** `NAME=VALUE` in two. @throws Problem `invalid` naming the flag, never the value */
export function pair(text: string, flag: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new Problem("invalid", `--${flag} takes NAME=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}
