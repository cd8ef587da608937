import { redact } from "../lib/log.ts";
import { response } from "./json-rpc.ts";
import { codes } from "./protocol.ts";
import type { ReadyList } from "./ready-list.ts";
import { type Measured, membersOf } from "./spans.ts";
import type { Head, Visitor } from "./visit.ts";

/**
 * A JSON-RPC outcome as text: what stands under `result` or under `error`. `status` only where it is not 200, `retryAfterSeconds` where it was
 * refused before anything was done. Results are without the words that
 * only the modern era has (`resultType`, `ttlMs`, `cacheScope`): `type` is there when one is not complete, `ttlMs` when its server said it. `list` is what stands in the list
 * that such a result begins with, which is empty in its text. `read` is there when a result was measured as it was read; it holds for that text alone.
 * `bones` is the message that it came in, as its server wrote it but for the long strings, which are empty: what is short is looked for there.
 * `pieces` are what a result is put together of, for who writes it down without putting it together; they too hold for that text alone.
 */
export type Outcome =
  | {
      result: string;
      type?: "input_required" | "task";
      ttlMs?: number;
      list?: ReadyList;
      read?: Measured;
      bones?: string | undefined;
      pieces?: { text: string; parts: readonly string[] };
    }
  | OutcomeError;
type OutcomeError = { error: string; status?: number; retryAfterSeconds?: number };

export function errorOutcome(code: number, message: string, data?: unknown, status?: number): OutcomeError {
  const error = redact(JSON.stringify({ code, message, ...(data === undefined ? {} : { data }) }));
  return status === undefined ? { error } : { error, status };
}

/** Where the members of a result stand. A big one is not measured a second time. */
export const measured = ({ result, read }: { result: string; read?: Measured }): Measured =>
  read?.text === result ? read : { text: result, members: membersOf(result) };

export const resultOutcome = (result: unknown): Outcome => ({ result: JSON.stringify(result) });

/** The JSON text of a tool's result that says one thing; `isError` where it tells of a failure. */
export const textResult = (text: string, isError = false): string =>
  JSON.stringify({ content: [{ type: "text", text }], ...(isError ? { isError } : {}) });

/** Too much is under way: nothing was done, and the same request may be sent again. */
export const busyOutcome = (message: string): Outcome => ({
  ...errorOutcome(codes.busy, message, undefined, 429),
  retryAfterSeconds: 1,
});

const json = { "content-type": "application/json" } as const;
/** What HTTP says beside an answer that stands alone, and is one. */
export const okHead: Head = { status: 200, headers: json };

export function headOf(outcome: Outcome): Head {
  if (!("error" in outcome)) return okHead;
  const { status = 200, retryAfterSeconds } = outcome;
  if (status === 200 && retryAfterSeconds === undefined) return okHead;
  return retryAfterSeconds === undefined
    ? { status, headers: json }
    : { status, headers: { ...json, "retry-after": String(retryAfterSeconds) } };
}

/** The whole answer to a request, on its own. */
export const respond = (visitor: Visitor, id: string | undefined, outcome: Outcome): void =>
  visitor.answer(response(id, outcome), headOf(outcome));

/** What is wrong with a request that holds no message. */
export const refuse = (visitor: Visitor, error: string, head: Head): void =>
  visitor.answer(JSON.stringify({ error }), { ...head, headers: { ...json, ...head.headers } });

/** It is taken, and there is nothing to answer. */
export const accepted: Head = { status: 202, headers: {} };
