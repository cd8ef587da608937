import type { Entry } from "./entry.ts";

/**
 * Words that stand for another value: `${VAR}`, `${VAR:-usual}`, `${env:VAR}`, `${input:id}`, `${{ secrets.X }}`, `{env:VAR}`, `{{x.y}}`, and
 * `$VAR` where it is the whole text. Each client knows some of them.
 */
const reference =
  /\$\{\{\s*(?:secrets|inputs|env)\.([\w.-]+)\s*\}\}|\$\{(?:env:|input:|config:)?([A-Za-z_][\w.-]*)(?::-([^}]*))?\}|\{env:([A-Za-z_]\w*)\}|\{\{\s*([\w.-]+)\s*\}\}|^\$([A-Z_][A-Z0-9_]*)$/g;

type Found = { name: string; usual: string | undefined };

const foundIn = (text: string): Found[] =>
  [...text.matchAll(reference)].map(([, secret, plain, usual, open, docker, whole]) => ({
    name: secret ?? plain ?? open ?? docker ?? whole ?? "",
    usual,
  }));

/** The names that an entry refers to and does not give itself; those with a usual value need nobody to say one. */
export function referencesOf(entry: Entry): { name: string; needed: boolean }[] {
  const all = textsOf(entry).flatMap(foundIn);
  const names = new Map<string, boolean>();
  for (const { name, usual } of all)
    if (!Object.hasOwn(entry.env, name) || entry.env[name] === `\${${name}}`)
      names.set(name, (names.get(name) ?? false) || usual === undefined);
  return [...names].map(([name, needed]) => ({ name, needed }));
}

const textsOf = (entry: Entry): string[] => [
  ...[entry.command, entry.url, entry.cwd].filter((text) => text !== undefined),
  ...entry.args,
  ...Object.values(entry.env),
  ...Object.values(entry.headers),
  ...strings(entry.fields),
];

const strings = (value: unknown): string[] =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(strings)
      : [];

/** Values by their names, and which of them somebody said to hide. */
export type Values = ReadonlyMap<string, string>;

/** The text with its references replaced; one that nobody knows stays as it is, and what came in is not looked through again. */
const resolved = (text: string, values: Values): string =>
  text.replace(reference, (whole, ...groups: (string | undefined)[]) => {
    const [secret, plain, usual, open, docker, word] = groups;
    return values.get(secret ?? plain ?? open ?? docker ?? word ?? "") ?? usual ?? whole;
  });

/** The same throughout an entry. */
export function resolvedEntry(entry: Entry, values: Values): Entry {
  const one = (text: string) => resolved(text, values);
  const maybe = (text: string | undefined) => (text === undefined ? undefined : one(text));
  const each = (words: Record<string, string>) =>
    Object.fromEntries(Object.entries(words).map(([key, text]) => [key, one(text)]));
  return {
    ...entry,
    command: maybe(entry.command),
    url: maybe(entry.url),
    cwd: maybe(entry.cwd),
    args: entry.args.map(one),
    env: each(entry.env),
    headers: each(entry.headers),
    ...(entry.fields === undefined ? {} : { fields: deep(entry.fields, one) as Record<string, unknown> }),
  };
}

const deep = (value: unknown, one: (text: string) => string): unknown =>
  typeof value === "string"
    ? one(value)
    : Array.isArray(value)
      ? value.map((item) => deep(item, one))
      : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deep(item, one)]))
        : value;
