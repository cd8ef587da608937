import { Problem } from "../../lib/problem.ts";
import type { Proposal } from "../prompts/shelf.ts";
import { keywordsIn } from "./words.ts";

/** What a session is about, as it was said: models do not always give what a schema asks for. */
export type Task = { description: string | undefined; tags: string[] };

const mostTags = 20;
const mostNames = 50;
const longestTag = 64;
const longestDescription = 4_000;
const mostKeywords = 20;
const longestName = 200;
const mostProposed = 64 * 1024;
const longestReason = 1_000;

/** @throws Problem `invalid` when nothing of it says what the session is about */
export function taskIn(args: Record<string, unknown>, asks: "description" | "tags"): Task {
  const description = textIn(args["description"], longestDescription);
  const tags = wordsOf(args["tags"], mostTags);
  const keywords = keywordsIn(description ?? "", mostKeywords);
  if (tags.length === 0 && keywords.length === 0)
    throw new Problem("invalid", "begin_session was not told what the session is about", {
      hint:
        asks === "description"
          ? 'call it with {"description": "what you are going to do, in a sentence or two"}'
          : 'call it with {"tags": ["three", "to", "seven", "keywords"]} of what you are going to do',
    });
  return { description, tags: [...new Set([...tags, ...keywords])].slice(0, mostTags + mostKeywords) };
}

/** @throws Problem `invalid` */
export function readingIn(args: Record<string, unknown>): { names: string[]; tags: string[] } {
  for (const key of ["names", "tags"]) {
    const value = args[key];
    if (value !== undefined && value !== null && typeof value !== "string" && !Array.isArray(value))
      throw new Problem("invalid", `read_prompts: \`${key}\` is no list of words`, {
        hint: 'call it with {"names": ["one-name"]}, or {"tags": ["keyword"]}',
      });
  }
  return { names: wordsOf(args["names"], mostNames), tags: wordsOf(args["tags"], mostTags) };
}

/** @throws Problem `invalid` */
export function proposalIn(args: Record<string, unknown>): Proposal {
  const { name, content, priority, reason } = args;
  const wrong = (what: string) =>
    new Problem("invalid", `propose_prompt: ${what}`, {
      hint: 'call it with {"name": "short-name", "content": "the text", "priority": 5, "reason": "why"}',
    });
  const called = textIn(name, longestName);
  if (called === undefined) throw wrong("`name` is missing");
  if (typeof content !== "string" || content.trim() === "")
    throw wrong("`content` is the text of the prompt, and is missing");
  if (Buffer.byteLength(content) > mostProposed) throw wrong(`\`content\` is over ${mostProposed / 1024} KiB`);
  const wanted = priority === undefined || priority === null ? 5 : Number(priority);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > 9)
    throw wrong("`priority` is a whole number from 1 to 9; 10 is for people to give");
  return { name: called, content: content.toWellFormed(), priority: wanted, reason: textIn(reason, longestReason) };
}

/** A list of words, or one with commas. What is no text is left out. */
function wordsOf(value: unknown, most: number): string[] {
  const listed = typeof value === "string" ? value.slice(0, most * longestTag).split(/[,;\n]/) : value;
  if (!Array.isArray(listed)) return [];
  const words = listed.slice(0, 10 * most).flatMap((one) => textIn(one, longestTag) ?? []);
  return [...new Set(words)].slice(0, most);
}

/** Half a letter at the end is none. */
function textIn(value: unknown, longest: number): string | undefined {
  if (typeof value !== "string") return undefined;
  const text = value.trim().slice(0, longest).toWellFormed();
  return text === "" ? undefined : text;
}

const mostOfCall = 4_000;

/** Pure. What a call is about: the words of the tool and of its arguments. Only those of the tool may be kept: arguments hold what is nobody else's. */
export function keywordsOfCall(
  tool: string,
  description: string,
  argumentsText: string,
): { tags: string[]; kept: string[] } {
  const kept = keywordsIn(`${tool} ${description.slice(0, mostOfCall)}`, mostKeywords);
  // Not parsed: it may be megabytes, and words are found in its text as well.
  const said = keywordsIn(argumentsText.slice(0, mostOfCall).replace(/\\(?:u[0-9a-f]{4}|.)/gi, " "), mostKeywords);
  return { kept, tags: [...new Set([...kept, ...said])] };
}
