import type { TSchema } from "@sinclair/typebox";
import { parsedJson } from "../lib/json.ts";
import { didYouMean } from "../lib/nearest.ts";
import { Problem } from "../lib/problem.ts";
import { kebab } from "./verb.ts";

/** `secret:NAME/KEY`, as a manifest writes it. */
export const secretIn = (text: string): { secretRef: { name: string; key: string } } | undefined => {
  const [, name, key] = /^secret:([^/]+)\/(.+)$/.exec(text) ?? [];
  return name === undefined || key === undefined ? undefined : { secretRef: { name, key } };
};

const fieldsOf = (schema: TSchema): Record<string, TSchema> => schema["properties"] as Record<string, TSchema>;

/** What stands after the description of such a flag in help. */
export const namesIn = (schema: TSchema): string => Object.keys(fieldsOf(schema)).join(", ");

/**
 * A field that is an object, out of `KEY=VALUE,KEY=VALUE`, once or several times. A comma separates only where a key follows, so that a
 * value may hold some; a word that is no key is an error there, not a part of the value. JSON goes on to the end.
 * @throws Problem `invalid` naming the flag and the key, never the value
 */
export function objectFrom(
  values: readonly string[],
  flag: string,
  schema: TSchema,
  flags: readonly string[],
): Record<string, unknown> {
  const fields = fieldsOf(schema);
  const found: Record<string, unknown> = {};
  for (const value of values) {
    for (const [key, text] of pairsIn(value, { flag, flags }, fields)) {
      if (key in found) throw new Problem("invalid", `--${flag} ${key} is given twice`);
      found[key] = readValue(text, `--${flag} ${key}`, fields[key] as TSchema);
    }
  }
  return found;
}

/** A flag that takes keys, and which others there are. */
type Place = { flag: string; flags: readonly string[] };

function pairsIn(value: string, place: Place, fields: Record<string, TSchema>): [string, string][] {
  const keys = Object.keys(fields);
  const next = /,(?=\s*[A-Za-z]+=)/;
  const pairs: [string, string][] = [];
  for (let rest = value; rest !== ""; ) {
    const [, key, after = ""] = /^\s*([A-Za-z]+)=(.*)$/s.exec(rest) ?? [];
    if (key === undefined || !Object.hasOwn(fields, key)) throw unknownKey(rest, place, keys);
    const cut = isJson(fields[key]) ? -1 : after.search(next);
    pairs.push([key, cut < 0 ? after : after.slice(0, cut)]);
    rest = cut < 0 ? "" : after.slice(cut + 1);
  }
  if (pairs.length === 0) throw unknownKey("", place, keys);
  return pairs;
}

function unknownKey(text: string, { flag, flags }: Place, keys: readonly string[]): Problem {
  const word = /^\s*([A-Za-z]{1,40})=/.exec(text)?.[1];
  if (word === undefined) return new Problem("invalid", `--${flag} takes KEY=VALUE, of ${keys.join(", ")}`);
  const meant = didYouMean(word, keys) || didYouMean(`--${kebab(word)}`, dashed(flags));
  return new Problem("invalid", `--${flag} has no "${word}".${meant} It takes ${keys.join(", ")}`);
}

const dashed = (flags: readonly string[]): string[] => flags.map((name) => `--${name}`);

const isSecret = (schema: TSchema) => schema["properties"]?.["secretRef"] !== undefined;
/** What is written as in a manifest, since it has no other form on a command line. */
const isJson = (schema: TSchema | undefined) =>
  schema !== undefined && (schema["type"] === "object" || schema["type"] === "array") && !isSecret(schema);

/** A value as its schema has it: a number, true or false, `secret:NAME/KEY`, JSON, or text. @throws Problem `invalid` */
export function readValue(text: string, where: string, schema: TSchema): unknown {
  const refused = (what: string) => new Problem("invalid", `${where} takes ${what}`);
  if (isSecret(schema)) {
    const secret = secretIn(text);
    if (secret === undefined) throw refused("secret:NAME/KEY");
    return secret;
  }
  if (isJson(schema)) {
    const value = parsedJson(text);
    if (value === undefined) throw refused("JSON, and stands last in its flag");
    return value;
  }
  if (schema["type"] === "boolean") {
    if (text !== "true" && text !== "false") throw refused("true or false");
    return text === "true";
  }
  const isNumber = schema["type"] === "integer" || schema["type"] === "number";
  return isNumber ? numberIn(text, where, schema["type"] === "integer") : text;
}

/** @throws Problem `invalid` */
export function numberIn(text: string, where: string, isWhole: boolean): number {
  const form = isWhole ? /^-?\d{1,15}$/ : /^-?\d{1,15}(\.\d{1,15})?$/;
  if (!form.test(text)) throw new Problem("invalid", `${where} takes a ${isWhole ? "whole " : ""}number`);
  return Number(text);
}
