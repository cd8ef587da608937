import { toYaml } from "../../lib/yaml.ts";
import type { AnyKind } from "../../resources/define.ts";
import { kinds, wordsOf } from "../../resources/index.ts";
import { manifestSchema } from "../../resources/parse.ts";
import type { Env, Screen } from "../environment.ts";
import { formatOf } from "../output.ts";
import { kindOf } from "../session.ts";
import type { Args } from "../verb.ts";
import { columns, fitted, wrapped } from "../wrap.ts";
import { boundsOf, defaultOf, type Field, fieldsOf, findField, typeOf, within } from "./field.ts";
import { topics } from "./topics.ts";

/** What there is to be explained. */
export function overview(env: Env): string {
  const rows = kinds.map(({ kind, description }) => [kind, description]);
  const others = Object.entries(topics).map(([word, { summary }]) => [`${word} NAME`, summary]);
  return [
    "Kinds:",
    columns(rows, env.screen),
    ...(others.length === 0 ? [] : ["", "And:", columns(others, env.screen)]),
    "",
    fitted("mcpctl explain KIND tells of its fields, mcpctl explain KIND.FIELD of one of them.", env.screen),
  ].join("\n");
}

/** A kind, or one field of it: `server.healthCheck.tool`. Out of the same declaration as everything else; no server is asked. */
export function explainKind(word: string, args: Args, env: Env): void {
  const [first = "", ...steps] = word.split(".");
  const kind = kindOf(first);
  const format = formatOf(args, ["table", "json"]);
  if (format === "json") {
    const schema =
      steps.length === 0 ? { description: kind.description, ...manifestSchema(kind) } : findField(kind, steps).schema;
    env.out(JSON.stringify(schema, null, 2));
    return;
  }
  const isDeep = args.has("recursive");
  const lines = steps.length === 0 ? kindLines(kind, isDeep) : fieldLines(kind, findField(kind, steps), isDeep);
  env.out(lines.flatMap((line) => broken(line, env.screen)).join("\n"));
}

/** A line on a screen: what goes on stands under where it began. */
function broken(line: string, screen: Screen | undefined): string[] {
  const indent = /^ */.exec(line)?.[0] ?? "";
  if (screen === undefined || Bun.stringWidth(line) <= screen.columns) return [line];
  return wrapped(line.trimStart(), screen.columns - indent.length - 2).map(
    (text, i) => indent + (i === 0 ? "" : "  ") + text,
  );
}

function kindLines(kind: AnyKind, isDeep: boolean): string[] {
  const others = wordsOf(kind).filter((one) => one !== kind.kind);
  const can = kind.verbs.filter((verb) => verb !== "list" && verb !== "get");
  const isTold = ({ path }: Field) => kind.readOnly?.includes(path) === true;
  const fields = fieldsOf(kind);
  const own = fields.filter((field) => !isTold(field));
  const told = fields.filter(isTold);
  const part = (title: string, some: readonly Field[]) =>
    some.length === 0 ? [] : ["", `${title}:`, ...listed(kind, some, isDeep)];
  const { executes = [] } = kind;
  const reach = kind.scopes !== undefined || kind.kind === "mcptoken" ? "within a project" : "in the whole instance";
  return [
    `${kind.kind}: ${kind.description}`,
    `  Also called: ${others.join(", ")}`,
    `  Its name is one ${reach}; it can be ${["looked at", ...can.map((verb) => `${verb}d`)].join(", ")}.`,
    ...part("Fields", own),
    ...part("Told by mcpctl, and not taken from a manifest", told),
    ...(executes.length === 0
      ? []
      : ["", `Changing one of these is running code, and takes the right servers-execute: ${executes.join(", ")}`]),
    ...(kind.verbs.includes("create") ? ["", "Example:", ...exampleOf(kind.example)] : []),
  ];
}

function fieldLines(kind: AnyKind, field: Field, isDeep: boolean): string[] {
  const inner = within(field);
  const example = valueIn(kind.example, field.path);
  return [
    `${kind.kind}.${field.path}: ${factsOf(kind, field).join(", ")}`,
    ...[...aboutOf(field), ...rulesOf(kind, field)].map((line) => `  ${line}`),
    ...(inner.length === 0 ? [] : ["", "Fields:", ...listed(kind, inner, isDeep)]),
    ...(example === undefined ? [] : ["", "Example:", ...exampleOf(nested(field.path, example))]),
  ];
}

/** A line for each field with what it takes, and beneath what it is. */
function listed(kind: AnyKind, fields: readonly Field[], isDeep: boolean, depth = 1): string[] {
  const indent = "  ".repeat(depth);
  return fields.flatMap((field) => [
    `${indent}${field.path.split(".").at(-1)}: ${factsOf(kind, field).join(", ")}`,
    ...(isDeep ? listed(kind, within(field), isDeep, depth + 1) : aboutOf(field).map((line) => `${indent}    ${line}`)),
  ]);
}

/** What may be written there, and whether it must be. */
function factsOf(kind: AnyKind, field: Field): string[] {
  const filled = field.path.includes(".") ? field.schema.default : defaultOf(kind, field);
  const isTold = filled !== undefined && JSON.stringify(filled) !== "[]";
  return [
    typeOf(field.schema),
    ...(field.isRequired ? ["required"] : []),
    ...(isTold ? [`${typeof filled === "string" ? filled : JSON.stringify(filled)} when absent`] : []),
  ];
}

function aboutOf({ schema }: Field): string[] {
  const bounds = boundsOf(schema);
  const described = schema.description ?? (schema["items"] as { description?: string } | undefined)?.description;
  return [...(described === undefined ? [] : [described]), ...(bounds.length === 0 ? [] : [`(${bounds.join("; ")})`])];
}

const rulesOf = (kind: AnyKind, { path }: Field): string[] => [
  ...(kind.readOnly?.includes(path) === true ? ["Told by mcpctl, and not taken from a manifest."] : []),
  ...(kind.writeOnly?.includes(path) === true ? ["Taken, and never given back."] : []),
  ...(kind.executes?.includes(path) === true
    ? ["Changing it is running code, and takes the right servers-execute."]
    : []),
];

const exampleOf = (value: unknown): string[] =>
  toYaml(value)
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`);

const valueIn = (document: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (value, key) =>
        typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined,
      document,
    );

const nested = (path: string, value: unknown): unknown =>
  path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
