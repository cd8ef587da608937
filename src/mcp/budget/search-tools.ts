import { oneLine } from "../../lib/cut.ts";
import { parsedJson } from "../../lib/json.ts";
import { isObject } from "../../lib/object.ts";
import { Problem } from "../../lib/problem.ts";
import { textResult } from "../answers.ts";
import { Unfinished } from "../pipeline/context.ts";
import type { PluginContext, Shown, VirtualTool } from "../pipeline/plugin.ts";
import { partNames } from "../pipeline/results/part-arguments.ts";
import { shownTool } from "../pipeline/tool-list.ts";
import { memberOf, withMembers } from "../spans.ts";
import { type Hit, indexedInTurns } from "./bm25.ts";
import { asText, ownName, parsed, summaryOf } from "./fields.ts";
import { settled } from "./settled.ts";
import { tokensIn } from "./tokens.ts";

const most = { hits: 20, found: 1500, described: 8, definitions: 6000, summary: 160, required: 8, nearest: 5 } as const;
const usual = 8;

/**
 * Three tools in the place of many. They know what `discover` shows this caller and nothing else, so that a tool which is closed to it can be neither
 * found nor described; a call of one is refused, and recorded, where every call is.
 */
export const searchTools: readonly VirtualTool[] = [
  {
    name: "search_tools",
    description: "Finds tools. Most tools are not listed: search before you say that something cannot be done.",
    inputSchema: closed(
      {
        query: { type: "string", description: "What the tool should do, e.g. 'create github issue'" },
        limit: { type: "integer", minimum: 1, maximum: most.hits },
      },
      "query",
    ),
    async call({ query, limit }, context) {
      if (typeof query !== "string" || query.trim() === "") throw new Problem("invalid", "query must be some words");
      const tools = settled(await context.discover());
      const wanted = typeof limit === "number" && limit >= 1 ? Math.min(Math.floor(limit), most.hits) : usual;
      return textResult(found(tools, (await indexedInTurns(tools)).search(query, wanted)));
    },
  },
  {
    name: "describe_tool",
    description: "The whole definitions of tools that search_tools found.",
    inputSchema: closed(
      { names: { type: "array", items: { type: "string" }, minItems: 1, maxItems: most.described } },
      "names",
    ),
    async call(args, context) {
      const tools = settled(await context.discover());
      return textResult(await described(tools, namesIn(args)));
    },
  },
  {
    name: "call_tool",
    description: "Calls a tool that search_tools found, with the arguments that its definition wants.",
    inputSchema: closed({ name: { type: "string" }, arguments: { type: "object" } }, "name"),
    async call({ name, arguments: given, ...rest }, context, argumentsText) {
      if (typeof name !== "string" || name === "") throw new Problem("invalid", "name must be the name of a tool");
      const tools = settled(await context.discover());
      const tool = find(tools, name);
      const args = withParts(argumentsOf(given, argumentsText), rest);
      if (tool !== undefined) return await context.callTool(tool.name, args);
      // Refused as any call is, and recorded as that. Why it failed stays: a plugin may have hidden a tool that there is, and that was called.
      return await context.callTool(name, args).catch(async (error: unknown) => {
        if (!(error instanceof Problem) || error instanceof Unfinished) throw error;
        throw new Problem(error.code, `${error.message}; ${await nearestOf(tools, name)}`);
      });
    },
  },
];

function closed(properties: Record<string, object>, ...required: string[]) {
  return { type: "object", properties, required, additionalProperties: false };
}

/** They as entries of a list. */
export const shownSearchTools: readonly Shown[] = searchTools.map(shownTool);

const names: ReadonlySet<string> = new Set(searchTools.map(({ name }) => name));
export const isSearchTool = ({ name }: Pick<Shown, "name">): boolean => names.has(name);

/** A line a tool: its name, what it must be given, what it does; as many as fit. */
function found(tools: readonly Shown[], hits: readonly Hit[]): string {
  if (hits.length === 0) {
    const servers = [...new Set(tools.flatMap(({ server }) => server ?? []))].sort();
    const there =
      servers.length === 0 ? "There are no tools." : `There are tools of: ${servers.join(", ").slice(0, 500)}.`;
    return `No tool fits. ${there} Search with other words for what it should do.`;
  }
  const lines: string[] = [];
  let left = most.found;
  for (const { tool } of hits) {
    const line = lineOf(tool);
    left -= tokensIn(line) + 1;
    if (left < 0 && lines.length > 0) break;
    lines.push(line);
  }
  return `${lines.join("\n")}\n\nNext: describe_tool tells all arguments, call_tool calls one.`;
}

function lineOf(tool: Shown): string {
  const { title, description, inputSchema } = parsed(tool.text);
  const { required } = (inputSchema ?? {}) as { required?: unknown };
  const names = Array.isArray(required) ? required.filter((name) => typeof name === "string") : [];
  const needs = [...names.slice(0, most.required), ...(names.length > most.required ? ["…"] : [])];
  const short = oneLine(summaryOf(asText(description)) || asText(title), most.summary);
  return `${tool.name}(${needs.join(", ").slice(0, 300)})${short === "" ? "" : `: ${short}`}`;
}

/** The definitions as JSON, a line each: what does not fit is cut where it is least missed, and said. */
async function described(tools: readonly Shown[], names: readonly string[]): Promise<string> {
  const wanted: Shown[] = [];
  for (const name of [...new Set(names)].slice(0, most.described)) wanted.push(await named(tools, name));
  const each = Math.floor(most.definitions / wanted.length);
  return wanted.map((tool) => within(tool, each)).join("\n");
}

function within(tool: Shown, tokens: number): string {
  const { title, description, inputSchema } = parsed(tool.text);
  const whole = JSON.stringify({ name: tool.name, title, description, inputSchema });
  if (tokensIn(whole) <= tokens) return whole;
  const short = { name: tool.name, description: asText(description).slice(0, 1000), cut: "too long to be shown whole" };
  for (let depth = 8; depth > 0; depth--) {
    const text = JSON.stringify({ ...short, inputSchema: shallow(inputSchema, depth) });
    if (tokensIn(text) <= tokens) return text;
  }
  return lineOf(tool);
}

/** A schema without descriptions, and without what lies deeper. */
function shallow(schema: unknown, depth: number): unknown {
  if (typeof schema !== "object" || schema === null) return schema;
  if (depth === 0) return {};
  if (Array.isArray(schema)) return schema.slice(0, 20).map((one) => shallow(one, depth - 1));
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => key !== "description" || typeof value !== "string")
      .map(([key, value]) => [key, shallow(value, depth - 1)]),
  );
}

function namesIn({ names, name }: Record<string, unknown>): string[] {
  const given = Array.isArray(names) ? names : [names ?? name];
  const words = given.filter((one): one is string => typeof one === "string" && one !== "");
  if (words.length === 0) throw new Problem("invalid", "names must be the names of tools, as search_tools gave them");
  return words;
}

/** By the name that is shown, or as `server/tool`. */
const find = (tools: readonly Shown[], name: string): Shown | undefined =>
  tools.find((one) => one.name === name) ?? tools.find((one) => `${one.server}/${ownName(one)}` === name);

/** @throws Problem `not_found`, with the nearest */
async function named(tools: readonly Shown[], name: string): Promise<Shown> {
  const tool = find(tools, name);
  if (tool === undefined) throw await notFound(tools, name);
  return tool;
}

async function notFound(tools: readonly Shown[], name: string): Promise<Problem> {
  return new Problem("not_found", `there is no tool of this name; ${await nearestOf(tools, name)}`);
}

async function nearestOf(tools: readonly Shown[], name: string): Promise<string> {
  const near = (await indexedInTurns(tools)).search(name, most.nearest).map((hit) => hit.tool.name);
  return near.length === 0 ? "search_tools finds what there is" : `the nearest are ${near.join(", ")}`;
}

/** The text of the arguments as it was written, so that no number changes on its way. Small models write them as a string. @throws Problem `invalid` */
function argumentsOf(given: unknown, written: string | undefined): string {
  if (given === undefined || given === null || given === "") return "{}";
  const text = typeof given === "string" ? given : (written && memberOf(written, "arguments")) || JSON.stringify(given);
  if (!isObject(parsedJson(text)))
    throw new Problem("invalid", "arguments must be an object: describe_tool tells which");
  return text;
}

/** "Call the same tool again with `_resultId`" is read as this tool's by some models, and is the other's. */
function withParts(argumentsText: string, rest: Record<string, unknown>): string {
  const beside = Object.entries(rest).filter(([name]) => partNames.includes(name));
  if (beside.length === 0) return argumentsText;
  return withMembers(argumentsText, Object.fromEntries(beside.map(([name, value]) => [name, JSON.stringify(value)])));
}

/** Whoever serves a caller that was given them registers them with its context. */
export const registerSearchTools = ({ registerTool }: Pick<PluginContext, "registerTool">): void => {
  for (const tool of searchTools) registerTool(tool);
};
