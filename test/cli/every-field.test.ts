import { expect, test } from "bun:test";
import type { TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { changesIn } from "../../src/cli/changes.ts";
import { fieldsFrom, flagsOfKind } from "../../src/cli/kind-flags.ts";
import { parseWords } from "../../src/cli/parse.ts";
import { kebab } from "../../src/cli/verb.ts";
import { verbs } from "../../src/cli/verbs.ts";
import type { AnyKind } from "../../src/resources/define.ts";
import { kinds } from "../../src/resources/index.ts";

const texts = ["abc", "100", "https://a.example/b", "a:/b", "a/b:file:///c", "a@example.com", "/a", "2m", "{a}"];

/** Something that the schema takes, and that is not its default. */
function sampleOf(schema: TSchema): unknown {
  if (schema["anyOf"] !== undefined) return sampleOf((schema["anyOf"] as TSchema[]).at(-1) as TSchema);
  if (schema["enum"] !== undefined) return (schema["enum"] as string[]).at(-1);
  if (schema["patternProperties"] !== undefined)
    return { abc: sampleOf(Object.values(schema["patternProperties"] as Record<string, TSchema>)[0] as TSchema) };
  if (schema["properties"] !== undefined)
    return Object.fromEntries(
      Object.entries(schema["properties"] as Record<string, TSchema>).map(([key, inner]) => [key, sampleOf(inner)]),
    );
  switch (schema["type"]) {
    case "array":
      return [sampleOf(schema["items"] as TSchema)];
    case "boolean":
      return schema["default"] !== true;
    case "integer":
    case "number":
      return Number(schema["maximum"] ?? 7);
    case "string":
      return texts.find((text) => Value.Check(schema, text));
    default:
      return { any: [1, "x"] };
  }
}

const isSecret = (value: unknown) => typeof value === "object" && value !== null && "secretRef" in value;

/** The same as words of a command line, one for each time that the flag is given; none where the flag alone says it. */
function writtenAs(value: unknown, schema: TSchema): string[] {
  if (isSecret(value)) {
    const { secretRef } = value as { secretRef: { name: string; key: string } };
    return [`secret:${secretRef.name}/${secretRef.key}`];
  }
  if (schema["type"] === "object")
    return Object.entries(value as object).map(([key, inner]) => {
      const [secret] = isSecret(inner) ? writtenAs(inner, schema) : [];
      return `${key}=${secret ?? (typeof inner === "object" ? JSON.stringify(inner) : String(inner))}`;
    });
  if (Array.isArray(value)) return typeof value[0] === "object" ? [JSON.stringify(value)] : value.map(String);
  return [String(value)];
}

const creatable = (kinds as readonly AnyKind[]).filter(({ verbs: can }) => can.includes("create"));
/** What stands after `--`, or comes from standard input. */
const elsewhere = ["command", "password"];

const fields = creatable.flatMap((kind) =>
  Object.entries(kind.fields.properties as Record<string, TSchema>)
    .filter(([field]) => !elsewhere.includes(field) && !(kind.readOnly ?? []).includes(field))
    .map(([field, schema]) => ({ kind, field, schema, value: sampleOf(schema) })),
);

test.each(fields.map((one) => [`${one.kind.kind}.${one.field}`, one] as const))(
  "%s is given whole by its flag, and by a patch",
  (_, { kind, field, schema, value }) => {
    expect(Value.Check(schema, value)).toBe(true);
    const written = writtenAs(value, schema);
    const isFlag = schema["type"] === "boolean";
    const flag = `--${kind.flagNames?.[field] ?? `${schema["default"] === true ? "no-" : ""}${kebab(field)}`}`;
    const words = isFlag ? [flag] : written.flatMap((text) => [`${flag}=${text}`]);
    const args = parseWords("create", verbs["create"] as never, flagsOfKind(kind.kind), [kind.kind, "x", ...words]);
    expect(fieldsFrom(kind, args)).toEqual({ [field]: value });
    expect(
      changesIn(
        kind,
        written.map((text) => `${field}=${text}`),
      ),
    ).toEqual({ [field]: value });
  },
);

test("no kind has lost its fields to this test", () => {
  expect(new Set(fields.map(({ kind }) => kind.kind)).size).toBe(creatable.length);
  expect(fields.length).toBeGreaterThan(100);
});
