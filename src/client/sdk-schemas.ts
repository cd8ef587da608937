import { AjvJsonSchemaValidator } from "@modelcontextprotocol/client/validators/ajv";
import { isObject } from "../lib/object.ts";
import { messageOf } from "../lib/problem.ts";

const dialects: Record<string, string> = {
  "https://json-schema.org/draft/2020-12/schema": "https://json-schema.org/draft/2020-12/schema",
  "https://json-schema.org/draft/2019-09/schema": "https://json-schema.org/draft/2019-09/schema",
  "http://json-schema.org/draft-07/schema": "http://json-schema.org/draft-07/schema#",
};
const usualDialect = "https://json-schema.org/draft/2020-12/schema";

/** An engine takes a tenth of a second to be made ready. */
const shared = new AjvJsonSchemaValidator();
const metas = new Map<string, ReturnType<typeof shared.getValidator>>();

/**
 * What is wrong with a JSON Schema by the rules of its own dialect, 2020-12 when it names none; undefined when nothing is. References over
 * the network are not followed, and are wrong.
 */
export function schemaFault(schema: unknown): string | undefined {
  if (typeof schema === "boolean") return undefined;
  if (!isObject(schema)) return "it is no object";
  const named = typeof schema["$schema"] === "string" ? schema["$schema"].replace(/#$/, "") : usualDialect;
  const meta = dialects[named];
  if (meta === undefined) return `its dialect is unknown: ${named.slice(0, 100)}`;
  const rules = metas.get(named) ?? shared.getValidator({ $schema: named, $ref: meta });
  metas.set(named, rules);
  try {
    const judged = rules(schema);
    if (!judged.valid) return judged.errorMessage;
    // Schemas that share an $id would be taken for the same.
    const engine = /"\$id"/.test(JSON.stringify(schema)) ? new AjvJsonSchemaValidator() : shared;
    engine.getValidator(schema);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** What of a value is not as a schema wants it; undefined when all is. @throws Error when the schema is none */
export function valueFault(schema: Record<string, unknown>, value: unknown): string | undefined {
  return new AjvJsonSchemaValidator().getValidator(schema)(value).errorMessage;
}
