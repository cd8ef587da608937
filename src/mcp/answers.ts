import { redact } from "../lib/log.ts";

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

/** The whole JSON-RPC message; `id` is the request's own id as it was written, so that `9007199254740993` comes back as it went. */
export function message(id: string | undefined, outcome: Outcome): string {
  const body = "result" in outcome ? `"result":${outcome.result}` : `"error":${outcome.error}`;
  return `{"jsonrpc":"2.0","id":${id ?? "null"},${body}}`;
}

export function respond(id: string | undefined, outcome: Outcome): Response {
  const status = "error" in outcome ? (outcome.status ?? 200) : 200;
  return new Response(message(id, outcome), { status, headers: { "content-type": "application/json" } });
}
