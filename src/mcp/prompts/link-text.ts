import { isObject } from "../../lib/object.ts";
import { mostPromptBytes } from "../../resources/prompt.ts";
import type { Outcome } from "../answers.ts";
import { mostLinks } from "./trail.ts";

/** What a reading brought: the text, or why there is none. */
export type Reading = { text: string } | { dead: string };

/** What is told of links that have no end, at each of them in these words. */
export const loops = "it leads back to itself";
export const tooMany = `more than ${mostLinks} links lead to one another`;

const longestReason = 200;

/** Pure: the text of what a server answered to resources/read. */
export function readingOf(outcome: Outcome): Reading {
  if ("error" in outcome) {
    const message = messageIn(outcome.error);
    const endless = [loops, tooMany].find((reason) => message.includes(reason));
    return { dead: endless ?? `its server answers: ${message}` };
  }
  if (outcome.type !== undefined) return { dead: "its server asks for something before it answers" };
  const { contents } = JSON.parse(outcome.result) as { contents?: unknown };
  const texts = (Array.isArray(contents) ? contents : []).flatMap((one) =>
    isObject(one) && typeof one["text"] === "string" ? [one["text"]] : [],
  );
  const text = texts.join("\n\n");
  if (text.trim() === "") return { dead: "there is no text in it" };
  if (text.length > mostPromptBytes || Buffer.byteLength(text) > mostPromptBytes)
    return { dead: `it is longer than ${mostPromptBytes / 1024} KiB` };
  return { text };
}

function messageIn(error: string): string {
  const { message } = JSON.parse(error) as { message?: unknown };
  return typeof message === "string" ? message.slice(0, longestReason) : "an error without a word";
}
