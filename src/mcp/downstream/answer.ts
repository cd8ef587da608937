import type { Outcome } from "../answers.ts";
import { beforeResult, response } from "../json-rpc.ts";
import { jsonBody, longestText } from "./json-body.ts";
import { type ListAnswer, listBody } from "./list-body.ts";
import type { Readers } from "./readers.ts";

/** An answer that is to be sent: its text, the pieces of a long one, which putting them together would copy, or one with a long list. */
export type Answer = string | readonly string[] | ListAnswer;

export function answerOf(id: string, outcome: Outcome): Answer {
  if ("error" in outcome) return response(id, outcome);
  const { result, pieces, list } = outcome;
  if (list === undefined && result.length > longestText) {
    const parts = pieces?.text === result ? pieces.parts : [result];
    return [beforeResult(id), ...parts, "}"];
  }
  const text = response(id, outcome);
  if (list === undefined) return text;
  // The list is empty in its text, and stands first in the result. An id may hold anything.
  const at = text.indexOf("[]", text.indexOf(id) + id.length);
  const [before, after] = [text.slice(0, at), text.slice(at + "[]".length)];
  const { bytes } = list;
  return bytes === undefined ? before + list.text + after : { before, list: bytes, after };
}

/** The same where it must be text, as on an event stream. */
export function textOf(answer: Answer): string {
  if (typeof answer === "string") return answer;
  return "list" in answer ? answer.before + new TextDecoder().decode(answer.list) + answer.after : answer.join("");
}

export function bodyOf(answer: Answer, readers: Readers): string | ReadableStream<Uint8Array> {
  if (typeof answer !== "string" && "list" in answer) return listBody(answer, readers);
  return jsonBody(answer, readers);
}
