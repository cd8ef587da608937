import { isObject } from "../../../lib/object.ts";
import { Problem } from "../../../lib/problem.ts";
import { hasTwins, unbroken } from "../../spans.ts";
import type { BeforeCall, Shown } from "../plugin.ts";

/**
 * What a file's code answered, before it goes into what clients are sent: there it is spliced in as it is. The process may say anything, and say it
 * in the place of another file's code. Each of these throws a Problem `invalid` for what is no such answer.
 */
type List = "content" | "contents" | "messages";

/** A result, on one line: an event stream ends an event where a line is empty. */
export function resultSaid(given: unknown, list: List): string | undefined {
  if (typeof given !== "string") return undefined;
  const value = parsed(given);
  if (!isObject(value) || !Array.isArray(value[list]))
    throw new Problem("invalid", `it answered a result without a list "${list}"`);
  return unbroken(given);
}

/** The arguments of a call. */
function argumentsSaid(given: string): string {
  if (!isObject(parsed(given)) || hasTwins(given))
    throw new Problem("invalid", "it answered arguments that are no object, or hold a key twice");
  return unbroken(given);
}

export function beforeSaid(given: unknown): BeforeCall | undefined {
  if (!isObject(given)) return undefined;
  const { argumentsText, preface } = given;
  const answer = resultSaid(given["answer"], "content");
  return {
    ...(answer !== undefined && { answer }),
    ...(typeof argumentsText === "string" && { argumentsText: argumentsSaid(argumentsText) }),
    ...(typeof preface === "string" && { preface }),
  };
}

/** By what an entry of a list is known to clients. */
type Known = "name" | "uri";

/** The entries in the order in which they came back, each once and under the name that it had. */
export function listSaid(list: readonly Shown[], given: unknown, known: Known, isOfTools = false): readonly Shown[] {
  if (!Array.isArray(given)) return list;
  const seen = new Set<number>();
  return given.flatMap((entry: unknown) => {
    const { at, text } = (isObject(entry) ? entry : {}) as { at?: unknown; text?: unknown };
    const was = typeof at === "number" && !seen.has(at) ? list[at] : undefined;
    if (was === undefined) return [];
    seen.add(at as number);
    return [typeof text === "string" ? { ...was, text: entrySaid(text, was.name, known, isOfTools) } : was];
  });
}

function entrySaid(text: string, name: string, known: Known, isOfTools: boolean): string {
  const value = parsed(text);
  if (!isObject(value) || value[known] !== name || hasTwins(text))
    throw new Problem("invalid", `it answered an entry that is not the ${known} "${name}" any more`);
  if (isOfTools && !(isObject(value["inputSchema"]) && value["inputSchema"]["type"] === "object"))
    throw new Problem("invalid", `it answered the tool "${name}" without an inputSchema for an object`);
  return unbroken(text);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem("invalid", "it answered what is no JSON");
  }
}
