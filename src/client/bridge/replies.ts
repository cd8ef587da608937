import { problemFrom, messageOf as wordsOf } from "../../lib/problem.ts";
import { errorOutcome } from "../../mcp/answers.ts";
import { response } from "../../mcp/json-rpc.ts";
import { codes } from "../../mcp/protocol.ts";
import { Unanswered } from "./delivery.ts";
import type { Message } from "./message.ts";

/** What the bridge itself answers, a JSON-RPC error on one line. Without an id it answers what could not be read. */
export const refusal = (id: string | undefined, code: number, message: string): string =>
  response(id, errorOutcome(code, message));

/** To a request that got no answer: whether it may have been carried out is the first thing to know. */
export function unanswered({ id }: Message, error: unknown): string {
  const isUnsent = error instanceof Unanswered && error.isUnsent;
  return isUnsent
    ? refusal(id, codes.busy, `${wordsOf(error)}; nothing was carried out`)
    : refusal(id, codes.internal, `${wordsOf(error)}; it may have been carried out, and was not sent again`);
}

/** To a request that HTTP refused without any JSON-RPC: what the gateway said of it, and what to do. */
export function refused({ id }: Message, status: number, body: unknown): string {
  const problem = problemFrom(body);
  const words = problem === undefined ? `mcpctl answered HTTP ${status}` : problem.message;
  return refusal(id, codes.internal, problem?.hint === undefined ? words : `${words} (${problem.hint})`);
}
