import type { Trust } from "../auth/access-token.ts";
import { type Log, redact } from "../lib/log.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import { challengeOf } from "./challenge.ts";
import { pathOf } from "./sender.ts";

/** Turns everything thrown into RFC 9457 JSON. What is no Problem is ours to know: the answer holds an id to look up in the log. */
export function problemResponse(error: unknown, request: Request, log: Log, oauth?: Trust): Response {
  const problem = error instanceof Problem ? error : new Problem("internal", messageOf(error), { cause: error });
  const headers = new Headers({ "content-type": "application/problem+json", "cache-control": "no-store" });
  let body: Record<string, unknown> = problem.toJSON();
  if (problem.code === "internal") {
    const errorId = crypto.randomUUID();
    log.error("a request failed", {
      errorId,
      path: pathOf(request),
      error: problem,
      stack: stackOf(problem),
    });
    body = { ...body, errorId };
  }
  const retryAfter = problem.retryAfterSeconds ?? (problem.code === "unavailable" ? 5 : undefined);
  if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
  const challenge = challengeOf(problem, request, oauth);
  if (challenge !== undefined) headers.set("www-authenticate", challenge);
  // Names are repeated where nothing is found under them, and people paste tokens where names belong.
  return new Response(redact(JSON.stringify(body)), { status: problem.status, headers });
}

/** A problem within an answer that tells of several. */
export const problemBody = (problem: Problem): unknown => JSON.parse(redact(JSON.stringify(problem)));

const stackOf = (problem: Problem) => (problem.cause instanceof Error ? problem.cause.stack : problem.stack);
