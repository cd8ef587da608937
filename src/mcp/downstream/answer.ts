import type { Outcome } from "../answers.ts";
import { response } from "../json-rpc.ts";
import { jsonBody } from "./json-body.ts";
import { listBody } from "./list-body.ts";
import type { Readers } from "./readers.ts";

/** An answer that is to be sent: its text, or what stands before and after a long list, which is kept as bytes. */
export type Answer = string | { before: string; list: Uint8Array; after: string };

export function answerOf(id: string, outcome: Outcome): Answer {
  const text = response(id, outcome);
  if ("error" in outcome || outcome.list === undefined) return text;
  // The list is empty in its text, and stands first in the result. An id may hold anything.
  const at = text.indexOf("[]", text.indexOf(id) + id.length);
  const [before, after] = [text.slice(0, at), text.slice(at + "[]".length)];
  const { bytes } = outcome.list;
  return bytes === undefined ? before + outcome.list.text + after : { before, list: bytes, after };
}

/** The same where it must be text, as on an event stream. */
export const textOf = (answer: Answer): string =>
  typeof answer === "string" ? answer : answer.before + new TextDecoder().decode(answer.list) + answer.after;

export const bodyOf = (answer: Answer, readers: Readers): string | ReadableStream<Uint8Array> =>
  typeof answer === "string" ? jsonBody(answer, readers) : listBody(answer, readers);
