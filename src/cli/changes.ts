import type { TSchema } from "@sinclair/typebox";
import { parsedJson } from "../lib/json.ts";
import { didYouMean } from "../lib/nearest.ts";
import { isObject } from "../lib/object.ts";
import { Problem } from "../lib/problem.ts";
import type { AnyKind } from "../resources/define.ts";
import { manifestSchema } from "../resources/parse.ts";
import { readField } from "./kind-flags.ts";
import { readValue } from "./object-flag.ts";

/**
 * A merge patch out of words: `replicas=3`, `gate.promptBytes=1000`, `labels.team=docs`, and `description-` or `description=null` for what goes.
 * Values are read as flags of `create` are; the same key several times is a list.
 * @throws Problem `invalid` naming the key, never the value
 */
export function changesIn(kind: AnyKind, words: readonly string[]): Record<string, unknown> {
  const values = new Map<string, string[] | null>();
  for (const word of words) {
    const [, key = "", value] = /^([^=]+?)(?:=(.*))?$/s.exec(word) ?? [];
    const goes = value === undefined ? key.endsWith("-") : value === "null";
    if (key === "" || (value === undefined && !goes)) throw unreadable(word);
    const path = value === undefined ? key.slice(0, -1) : key;
    const known = values.get(path);
    if (known === null || (known !== undefined && goes))
      throw new Problem("invalid", `${quotable(path)} is given twice`);
    values.set(path, goes ? null : [...(known ?? []), value ?? ""]);
  }
  const changes: Record<string, unknown> = {};
  for (const [path, given] of values) setAt(changes, path, given, kind);
  return changes;
}

function setAt(changes: Record<string, unknown>, path: string, given: string[] | null, kind: AnyKind): void {
  const steps = stepsOf(kind, path);
  let into = changes;
  for (const { key } of steps.slice(0, -1)) {
    const inner = into[key] ?? {};
    if (!isObject(inner)) throw new Problem("invalid", `${quotable(path)} is given twice`);
    into[key] = inner;
    into = inner;
  }
  const { key, schema } = steps.at(-1) as Step;
  if (key in into) throw new Problem("invalid", `${quotable(path)} is given twice`);
  into[key] = given === null ? null : steps.length === 1 ? readField(key, given, schema) : inner(given, path, schema);
}

function inner(given: readonly string[], path: string, schema: TSchema): unknown {
  if (schema["type"] === "array" && !given[0]?.trimStart().startsWith("["))
    return given.flatMap((text) => text.split(",")).map((text) => readValue(text, path, schema["items"] as TSchema));
  if (given.length > 1) throw new Problem("invalid", `${quotable(path)} is given twice`);
  // Where anything may stand, JSON is meant by what is JSON.
  const [text = ""] = given;
  return isAnything(schema) ? (parsedJson(text) ?? text) : readValue(text, path, schema);
}

const isAnything = (schema: TSchema): boolean => schema["type"] === undefined && schema["anyOf"] === undefined;

type Step = { key: string; schema: TSchema };

/** The fields that a dotted path leads through. A key of a mapping may have dots of its own. */
function stepsOf(kind: AnyKind, path: string): Step[] {
  const steps: Step[] = [];
  let schema = withFormer(kind, manifestSchema(kind));
  let rest = path;
  while (rest !== "") {
    const values = schema["patternProperties"] as Record<string, TSchema> | undefined;
    if (values !== undefined) {
      const [value] = Object.values(values);
      return [...steps, { key: rest, schema: value as TSchema }];
    }
    const fields = schema["properties"] as Record<string, TSchema> | undefined;
    const [key = "", ...more] = rest.split(".");
    const next = fields !== undefined && Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (next === undefined) throw unknownField(kind, steps, key, Object.keys(fields ?? {}));
    steps.push({ key, schema: next });
    schema = next;
    rest = more.join(".");
  }
  return steps;
}

/** Words of the original are known to the server, which says what they mean. */
const withFormer = (kind: AnyKind, schema: TSchema): TSchema => ({
  ...schema,
  properties: { ...schema["properties"], ...Object.fromEntries(formerOf(kind)) },
});

const formerOf = (kind: AnyKind): [string, TSchema][] =>
  Object.entries(kind.formerly ?? {}).map(([former, { field, schema }]) => [
    former,
    schema ?? (kind.fields.properties[field] as TSchema),
  ]);

function unknownField(kind: AnyKind, steps: readonly Step[], key: string, known: readonly string[]): Problem {
  const place = [kind.kind, ...steps.map((step) => step.key)].join(".");
  if (known.length === 0) return new Problem("invalid", `${place} has no fields of its own; give it as JSON`);
  return new Problem("invalid", `${place} has no field "${quotable(key)}".${didYouMean(key, known)}`, {
    hint: `mcpctl explain ${kind.kind}`,
  });
}

const unreadable = (word: string) =>
  new Problem(
    "invalid",
    `"${quotable(word.split("=")[0] ?? "")}" is no change: KEY=VALUE sets a field, KEY- takes it away`,
  );

const quotable = (word: string): string => (/^[A-Za-z0-9._/-]{1,64}$/.test(word) ? word : "…");
