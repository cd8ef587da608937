import { redact } from "../lib/log.ts";
import { response } from "./json-rpc.ts";

/**
 * A JSON-RPC outcome as text: what stands under `result` or under `error`. `status` only where it is not 200. Results are without the words that
 * only the modern era has (`resultType`, `ttlMs`, `cacheScope`): `type` is there when one is not complete, `ttlMs` when its server said it.
 */
export type Outcome =
  | { result: string; type?: "input_required" | "task"; ttlMs?: number }
  | { error: string; status?: number };

export function errorOutcome(code: number, message: string, data?: unknown, status?: number): Outcome {
  const error = redact(JSON.stringify({ code, message, ...(data === undefined ? {} : { data }) }));
  return status === undefined ? { error } : { error, status };
}

export const resultOutcome = (result: unknown): Outcome => ({ result: JSON.stringify(result) });

/** The whole answer to a request, on its own. */
export function respond(id: string | undefined, outcome: Outcome): Response {
  const status = "error" in outcome ? (outcome.status ?? 200) : 200;
  return new Response(response(id, outcome), { status, headers: { "content-type": "application/json" } });
}
