import { nearest } from "../../lib/nearest.ts";
import type { HealthCheck } from "../../resources/server.ts";
import type { Outcome } from "../answers.ts";
import { memberOf } from "../spans.ts";
import type { RequestOptions, Upstream } from "./upstream.ts";

type Options = Pick<RequestOptions, "ending" | "timeoutMs">;

/** Resolves to what is wrong with the server, if anything is; what it does not answer is thrown. */
export type Probing = (upstream: Upstream, options: Options) => Promise<string | undefined>;

/**
 * Whether it answers at all: by listing its tools, as callers make it do. One without tools is asked what its era has for that. Any answer is a good
 * one but a refusal to list what it says that it has.
 */
export const probeLiveness: Probing = async (upstream, options) => {
  const hasTools = upstream.capabilities["tools"] !== undefined;
  const method = hasTools ? "tools/list" : upstream.era === "legacy" ? "ping" : "server/discover";
  const outcome = await upstream.request(method, "{}", options);
  return hasTools && "error" in outcome ? `it refuses ${method}: ${messageIn(outcome.error)}` : undefined;
};

/** Whether it works: by a tool of its own. `listed` are the tools that it is known to have. */
export const probeTool =
  ({ tool, arguments: given = {} }: HealthCheck, listed: readonly string[] | undefined): Probing =>
  async (upstream, options) => {
    const outcome = await upstream.request("tools/call", JSON.stringify({ name: tool, arguments: given }), options);
    const why = whyFailed(outcome);
    const failure = why === undefined ? undefined : `tool "${tool}" ${why}`;
    return failure !== undefined && listed !== undefined && !listed.includes(tool)
      ? missingTool(tool, listed)
      : failure;
  };

function whyFailed(outcome: Outcome): string | undefined {
  if ("error" in outcome) return `was refused: ${messageIn(outcome.error)}`;
  if (outcome.type === "input_required") return "asks something of whoever calls it";
  return memberOf(outcome.result, "isError") === "true" ? `failed: ${firstWordsIn(outcome.result)}` : undefined;
}

const mostNamed = 5;

/** What to look for in place of a tool that there is not. */
function missingTool(tool: string, listed: readonly string[]): string {
  const meant = nearest(tool, listed);
  const others = listed.slice(0, mostNamed).map((name) => `"${name}"`);
  const has = listed.length === 0 ? "it has none" : `it has ${others.join(", ")}`;
  const more = listed.length > mostNamed ? ` and ${listed.length - mostNamed} more` : "";
  return `there is no tool "${tool}" on it; ${meant === undefined ? has + more : `did you mean "${meant}"?`}`;
}

const longest = 200;
const messageIn = (error: string): string =>
  String((JSON.parse(error) as { message?: unknown }).message).slice(0, longest);

function firstWordsIn(result: string): string {
  const { content } = JSON.parse(result) as { content?: { text?: unknown }[] };
  const text = Array.isArray(content) ? content.find((block) => typeof block?.text === "string")?.text : undefined;
  return typeof text === "string" ? text.slice(0, longest) : "without a word";
}
