import { Kind as SchemaKind, type Static, type TObject, type TSchema, TypeRegistry } from "@sinclair/typebox";
import { cutToWidth } from "../lib/cut.ts";
import { namePattern } from "../lib/id.ts";
import type { FieldError } from "../lib/problem.ts";
import * as Type from "../lib/type.ts";

/** What the gateway, the CLI and RBAC may ask of a kind. Kinds made by the program itself lack some. */
export type Verb = "list" | "get" | "create" | "update" | "delete";

/**
 * A field that names another resource; whoever writes it needs `view` on that resource, and it must exist. What is named cannot be deleted,
 * unless the reference `ends` with it: a deleted user leaves every group, a deleted project takes its tokens along.
 */
export type Reference = { plural: string; name: string; path: string; ends?: boolean };

/** A resource as everybody outside storage sees it: the manifest's flat fields, and what mcpctl adds to them (design §4). */
export type Resource<Fields = Record<string, unknown>> = Fields & {
  id: string;
  name: string;
  version: number;
  createdAt: string;
  updatedAt: string;
  status?: Record<string, unknown>;
};

/** The fields that mcpctl adds. `apply` takes and ignores them, so that what `get -o yaml` printed can be applied again. */
export const addedFields = ["id", "version", "createdAt", "updatedAt", "status"] as const;

/** A kind's plural by any of its words: for kinds that speak of other kinds, which their files may not import. */
export type PluralOf = (word: string) => string | undefined;

/** The field that it is now, the schema of its values where they were others, and what they are here. */
export type Former = { field: string; schema?: TSchema; value?: (given: unknown) => unknown };

export type Column = { header: string; value: (item: Resource) => string };

export type Kind<Name extends string = string, Plural extends string = string, Fields extends TObject = TObject> = {
  kind: Name;
  plural: Plural;
  /** Other words for it on the command line and in manifests; singular and plural are always understood. */
  aliases: readonly string[];
  description: string;
  verbs: readonly Verb[];
  name: TSchema;
  fields: Fields;
  /** Shown by `get` after NAME; those of `wide` only with `-o wide`. */
  columns: readonly Column[];
  wide?: readonly Column[];
  /** Accepted and never given back: they go where secrets live, not into the resource's row. */
  writeOnly?: readonly string[];
  /** Those of `writeOnly` whose values are secrets: recorded by their fingerprint. */
  secrets?: readonly string[];
  /** Given back and never stored from a manifest, such as the key names of a secret. */
  readOnly?: readonly string[];
  /** Changing one of these is running code, which is a right of its own: `servers-execute`. */
  executes?: readonly string[];
  /** Maps accepted spellings to the one we keep, before the schema is checked. */
  normalize?: (input: Record<string, unknown>, pluralOf: PluralOf) => Record<string, unknown>;
  /** Fields of the original that have another name here. A change by one of them is a change of that field. */
  formerly?: Readonly<Record<string, Former>>;
  /** Fields of the original that mean nothing here: they are left out, and a warning says so. */
  meaningless?: readonly string[];
  /** Rules between fields, which a schema cannot say. */
  check?: (fields: Static<Fields>, pluralOf: PluralOf) => FieldError[];
  references?: (fields: Static<Fields>) => Reference[];
  /** Plurals of the kinds whose references keep one of these from being deleted. */
  heldBy?: readonly string[];
  /** Whether a document tells of one that has ended: applied again, it would bring back what somebody ended. */
  ended?: (document: Record<string, unknown>) => boolean;
  /** The name of whose it is, for what a person may see and end without any right because it is theirs. */
  owner?: (item: Resource) => string;
  /**
   * Set where names are unique within a project, and among those of no project, not in the whole instance. Its words are what names may lie in
   * besides projects, such as `mcpctl-system`.
   */
  scopes?: readonly string[];
  /** Whether it reaches every project: then writing it takes the right on all of the kind, not on one name. */
  reachesAll?: (fields: Record<string, unknown>) => boolean;
  /** Whether one comes with mcpctl, or lies in its data folder: nobody applied it, so it is no part of what is exported. */
  isBuiltIn?: (item: Resource) => boolean;
  /** What deleting it does, where it is not gone afterwards. */
  deleted?: (item: Resource) => string | undefined;
  /** Flags that are not their field in kebab-case, such as `--bind` for roleBindings. */
  flagNames?: Readonly<Record<string, string>>;
  /** One manifest, for `--help`, the reference manual and the tests of round trips. */
  example: Record<string, unknown>;
};

/** What people sort their resources by: `get -l team=docs`, `apply --prune -l app=demo`. Nothing else looks at them. */
const labels = Type.Optional(
  Type.Record(
    Type.String({ pattern: "^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$" }),
    Type.String({ pattern: "^[A-Za-z0-9._-]{0,63}$" }),
    {
      maxProperties: 32,
      description: "Keys and values to choose it by, as in `mcpctl get -l team=docs`",
    },
  ),
);

/** Declares one kind; routes, verbs, apply, RBAC names, completion and docs follow from it. What can be changed can be labelled. */
export function defineKind<const Name extends string, const Plural extends string, Fields extends TObject>(
  kind: Kind<Name, Plural, Fields>,
): Kind<Name, Plural, Fields> {
  if (!kind.verbs.includes("update")) return kind;
  return { ...kind, fields: Type.Object({ ...kind.fields.properties, labels }) as TSchema as Fields };
}

// biome-ignore lint/suspicious/noExplicitAny: a list of kinds mixes field types, and functions are contravariant in theirs.
export type AnyKind = Kind<string, string, any>;

/** The kind's word with its article. Abbreviations are spoken by their letters: an llm, an mcptoken, an rbac. */
export const aKind = ({ kind }: { kind: string }): string =>
  `${/^(?:[aeio]|llm|mcp|rbac)/.test(kind) ? "an" : "a"} ${kind}`;

export const Name = Type.String({
  pattern: namePattern,
  description: "Lower-case letters, digits and dashes, at most 63 characters",
});

/** A string out of a list: one JSON Schema `enum`, so that the document and the error name the choices (a union of literals does not). */
export const oneOf = <const T extends string>(values: readonly T[], description: string) =>
  Type.Unsafe<T>({ [SchemaKind]: "StringEnum", type: "string", enum: [...values], description });
TypeRegistry.Set<{ enum: string[] }>("StringEnum", (schema, value) => schema.enum.includes(value as string));

/** What a column shows of a long text: its beginning on one line, so many columns wide. Of a page of Markdown the heading is no beginning of a sentence. */
export function brief(value: unknown, columns = 60): string {
  const text = String(value ?? "").slice(0, columns * 8);
  const plain = text.replace(/^\s*#{1,6}[ \t]+([^\n]*?)[ \t#]*(?:\n|$)/, (_, heading: string) => `${heading}: `);
  return cutToWidth(plain.replace(/\s+/g, " ").trim().replace(/:$/, ""), columns);
}

/** Text that stays far from the bounds of tables, terminals and prompts. */
export const text = (description: string, maxLength = 1024) => Type.String({ description, maxLength });

/** The same where an empty one is no answer. */
export const words = (description: string, maxLength = 1024) => Type.String({ description, minLength: 1, maxLength });
