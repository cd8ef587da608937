import { parsedJson } from "../../lib/json.ts";
import { didYouMean } from "../../lib/nearest.ts";
import { messageOf } from "../../lib/problem.ts";
import { type Listed, type McpConnection, McpFailure, type Tool, type ToolResult } from "../sdk.ts";
import { valueFault } from "../sdk-schemas.ts";
import type { Done } from "./stepper.ts";

/** What somebody demands of this server beyond the protocol. */
export type Expectations = {
  expectTools: readonly string[];
  call: { tool: string; args: Record<string, unknown> } | undefined;
  /** What the call's text must contain. */
  expectText?: string | undefined;
  /** A JSON Schema that its structured content must fit, or its text read as JSON where there is none. */
  expectSchema?: Record<string, unknown> | undefined;
};

/** @throws McpFailure contract */
export function expected(names: readonly string[], tools: readonly Tool[]): Done<undefined> {
  const missing = names.filter((name) => !tools.some((tool) => tool.name === name));
  const known = tools.map(({ name }) => name);
  const told = missing.map((name) => `${name}${didYouMean(name, known)}`);
  if (missing.length > 0) throw new McpFailure("contract", `missing: ${told.join(", ")}${isGated(known) ? gated : ""}`);
  return { detail: `${names.length} of ${names.length} there`, value: undefined };
}

const isGated = (known: readonly string[]): boolean => known.length === 1 && known[0] === "begin_session";
const gated =
  '; the gate of this project is closed: --tool begin_session --args \'{"tags":["one","two","three"]}\' opens it for this token';

/** @throws McpFailure contract, transport */
export async function called(
  connection: McpConnection,
  { tool, args }: NonNullable<Expectations["call"]>,
): Promise<Done<ToolResult>> {
  const result = await connection.call(tool, args);
  if (result.isError) throw new McpFailure("contract", `the tool answered an error: ${result.text}`);
  return { detail: result.text, value: result };
}

/** @throws McpFailure contract */
export function saysText(wanted: string, { text }: ToolResult): Done<undefined> {
  if (!text.includes(wanted)) throw new McpFailure("contract", `it is not in the answer: ${text.slice(0, 200)}`);
  return { detail: "it is in the answer", value: undefined };
}

/** @throws McpFailure contract */
export function fitsSchema(schema: Record<string, unknown>, { structured, text }: ToolResult): Done<undefined> {
  const value = structured ?? parsedJson(text);
  if (value === undefined)
    throw new McpFailure("contract", "the answer has no structured content, and its text is no JSON");
  const fault = valueFault(schema, value);
  if (fault !== undefined) throw new McpFailure("contract", fault);
  return {
    detail: structured === undefined ? "its text fits as JSON" : "its structured content fits",
    value: undefined,
  };
}

/** @throws McpFailure contract, when something is listed twice */
export function distinct(lists: readonly Listed[]): Done<undefined> {
  for (const { kind, keys } of lists) {
    const seen = new Set<string>();
    const twice = keys.find((key) => seen.size === seen.add(key).size);
    if (twice !== undefined) throw new McpFailure("contract", `${kind}: ${twice} is listed twice`);
  }
  return { detail: lists.map(({ kind, keys }) => `${keys.length} ${kind}`).join(", "), value: undefined };
}

/** Of a schema somebody wrote, what is wrong with it; undefined when nothing is. */
export function schemaProblem(schema: Record<string, unknown>): string | undefined {
  try {
    valueFault(schema, {});
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
