import { type FieldError, Problem } from "../../lib/problem.ts";
import { looksLikeKey } from "../../lib/secret-shapes.ts";
import type { Valued } from "../server-fields.ts";
import { filledFields, placeholders, runFields, type TemplateFields } from "../template.ts";

/** What somebody says who makes a server of a template. */
export type Answers = {
  env?: readonly Valued[];
  headers?: readonly Valued[];
  /** Where variables and headers lie that are not among those, under their own names. */
  secret?: { name: string; keys: readonly string[] } | undefined;
  /** By the word that stands in braces. */
  arguments: ReadonlyMap<string, readonly string[]>;
};

/** The fields of the server, and what should be told beside them. */
export type Filled = { fields: Record<string, unknown>; notes: string[] };

/**
 * A server of a template. What a template says is trusted no more than a manifest: it is checked like one afterwards, by everybody it passes.
 * @throws Problem `invalid` naming all that is missing
 */
export function fromTemplate(template: TemplateFields & { name: string }, answers: Answers): Filled {
  const missing: FieldError[] = [];
  const texts = argumentsOf(template, answers.arguments, missing);
  const notes = [...texts].flatMap(([word, values]) =>
    values.some(looksLikeKey) ? [`${word} looks as if it held a key, and stands in plain sight in this server`] : [],
  );
  const env = valuesOf("env", template, answers, missing, notes);
  const headers = valuesOf("headers", template, answers, missing, notes);
  if (missing.length > 0) throw incomplete(template.name, answers, missing);
  const fields: Record<string, unknown> = {};
  if (template.description !== undefined) fields["description"] = template.description;
  for (const field of runFields) if (template[field] !== undefined) fields[field] = template[field];
  for (const field of filledFields) {
    const value = template[field];
    if (typeof value === "string") fields[field] = filled(value, texts)[0];
    else if (value !== undefined) fields[field] = value.flatMap((text) => filled(text, texts));
  }
  if (env.length > 0) fields["env"] = env;
  if (headers.length > 0) fields["headers"] = headers;
  return { fields, notes };
}

type Missing = FieldError[];

function argumentsOf(
  { arguments: declared = [], name }: TemplateFields & { name: string },
  given: Answers["arguments"],
  missing: Missing,
): Map<string, readonly string[]> {
  const words = declared.map(({ name: word }) => word);
  const strange = [...given.keys()].find((word) => !words.includes(word));
  if (strange !== undefined)
    throw new Problem("invalid", `template "${name}" has no argument "${strange}"`, {
      hint: words.length === 0 ? `mcpctl describe template ${name}` : `it has ${words.join(", ")}`,
    });
  const texts = new Map<string, readonly string[]>();
  for (const { name: word, description, required, repeated, default: usual } of declared) {
    const values = given.get(word) ?? (usual === undefined ? [] : [usual]);
    if (values.length > 1 && repeated !== true)
      missing.push({ path: `--arg ${word}`, message: "is given several times, and it is one" });
    if (values.length === 0 && required === true)
      missing.push({ path: `--arg ${word}=…`, message: description ?? "is required" });
    texts.set(word, values);
  }
  return texts;
}

/**
 * What is nothing but one argument is there once for each of its values; what holds one that was not given is left out. Values are not looked
 * through again.
 */
function filled(text: string, texts: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const words = [...text.matchAll(placeholders)].map(([, word = ""]) => word);
  const [only = ""] = words;
  if (text === `{${only}}`) return texts.get(only) ?? [];
  if (words.some((word) => texts.get(word)?.length === 0)) return [];
  return [text.replace(placeholders, (_, word: string) => texts.get(word)?.join(",") ?? "")];
}

function valuesOf(
  field: "env" | "headers",
  template: TemplateFields,
  answers: Answers,
  missing: Missing,
  notes: string[],
): Valued[] {
  const given = answers[field] ?? [];
  // HTTP does not tell `authorization` from `Authorization`; a process tells `path` from `PATH`.
  const same = (a: string, b: string) => (field === "env" ? a === b : a.toLowerCase() === b.toLowerCase());
  const declared = template[field] ?? [];
  const values = declared.flatMap(({ name, description, required, secret, default: usual }): Valued[] => {
    const own = given.find((one) => same(one.name, name));
    if (own !== undefined) {
      if (secret === true && own.value !== undefined) notes.push(`${name} stands in plain sight in this server`);
      return [own];
    }
    const key = answers.secret?.keys.find((candidate) => same(candidate, name));
    if (answers.secret !== undefined && key !== undefined)
      return [{ name, valueFrom: { secretRef: { name: answers.secret.name, key } } }];
    if (usual !== undefined) return [{ name, value: usual }];
    if (required === true) missing.push({ path: `--${field} ${name}=…`, message: description ?? "is required" });
    return [];
  });
  return [...values, ...given.filter(({ name }) => !declared.some((one) => same(one.name, name)))];
}

function incomplete(name: string, { secret }: Answers, fields: Missing): Problem {
  const keys = secret === undefined ? "" : `; secret "${secret.name}" has ${secret.keys.join(", ") || "no keys"}`;
  return new Problem("invalid", `template "${name}" needs more than was given${keys}`, {
    fields,
    hint: `mcpctl describe template ${name}`,
  });
}
