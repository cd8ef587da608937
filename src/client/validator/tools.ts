import { McpFailure, type Tool } from "../sdk.ts";
import { schemaFault } from "../sdk-schemas.ts";
import type { Done } from "./stepper.ts";

/** What every tool must have; a name that only some clients take is told, not failed. @throws McpFailure contract */
export function judged(tools: Tool[]): Done<Tool[]> {
  const seen = new Set<string>();
  for (const { name, inputSchema } of tools) {
    if (seen.has(name)) throw new McpFailure("contract", `the tool ${name} is listed twice`);
    seen.add(name);
    if ((inputSchema as { type?: unknown } | undefined)?.type !== "object") {
      throw new McpFailure("contract", `the inputSchema of ${name} has no type "object" at its root`);
    }
  }
  const awkward = tools.filter(({ name }) => !/^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/.test(name)).length;
  const told = awkward === 0 ? "" : `, ${awkward} with names that some clients refuse`;
  return { detail: `${tools.length} tools${told}`, value: tools };
}

/** Whether each schema is one, and what of names, descriptions and annotations is worth knowing. @throws McpFailure contract */
export function schemasOf(tools: readonly Tool[]): Done<undefined> {
  const looked = tools.slice(0, mostSchemas);
  const faults = looked.flatMap(({ name, inputSchema, outputSchema }) =>
    Object.entries({ inputSchema, outputSchema }).flatMap(([field, schema]) => {
      const fault = schema === undefined ? undefined : schemaFault(schema);
      return fault === undefined ? [] : [`the ${field} of ${name}: ${fault}`];
    }),
  );
  if (faults.length > 0) throw new McpFailure("contract", several(faults));
  const outputs = looked.filter(({ outputSchema }) => outputSchema !== undefined).length;
  const left = tools.length - looked.length;
  const detail = `${looked.length + outputs} schemas are valid${left === 0 ? "" : `, ${left} tools were not looked at`}`;
  return { detail, value: undefined, notes: firstOf([...namesIn(tools), ...tools.flatMap(oddities)]) };
}

/** Each takes milliseconds to read, and the list may be a hostile one. */
const mostSchemas = 1_000;

function namesIn(tools: readonly Tool[]): string[] {
  const byCase = Map.groupBy(tools, ({ name }) => name.toLowerCase());
  const clashing = [...byCase.values()].filter(({ length }) => length > 1);
  const long = tools.filter(({ name }) => name.length > longest);
  return [
    ...clashing.map((same) => `names that differ in case only: ${same.map(({ name }) => name).join(", ")}`),
    ...long.map(({ name }) => `a name of more than ${longest} characters, which many models' APIs refuse: ${name}`),
  ];
}
const longest = 64;

/** What no revision forbids, and a model or its user stumbles over. */
export function oddities({ name, description, annotations = {} }: Tool): string[] {
  const hints = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];
  const noFlags = hints.filter((hint) => annotations[hint] !== undefined && typeof annotations[hint] !== "boolean");
  const isTwoThings = annotations["readOnlyHint"] === true && annotations["destructiveHint"] === true;
  return [
    ...((description ?? "").trim() === "" ? [`${name} has no description: a model has only its name to go by`] : []),
    ...noFlags.map((hint) => `${name}: ${hint} is neither true nor false`),
    ...(isTwoThings ? [`${name} says that it only reads and that it destroys`] : []),
  ];
}

const mostTold = 5;
const firstOf = (told: readonly string[]): string[] =>
  told.length <= mostTold ? [...told] : [...told.slice(0, mostTold), `and ${told.length - mostTold} more of the kind`];
const several = (faults: readonly string[]): string => firstOf(faults).join("; ");
