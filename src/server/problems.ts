import type { Trust } from "../auth/access-token.ts";
import { type Log, redact } from "../lib/log.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import { challengeOf } from "./challenge.ts";
import { pathOf } from "./sender.ts";

type Answering = { requestId: string; log: Log; oauth?: Trust | undefined };

/** Turns everything thrown into RFC 9457 JSON. What is no Problem is ours to know: the answer holds an id to look up in the log. */
export function problemResponse(error: unknown, request: Request, { requestId, log, oauth }: Answering): Response {
  const problem = error instanceof Problem ? error : new Problem("internal", messageOf(error), { cause: error });
  const headers = new Headers({ "content-type": "application/problem+json", "cache-control": "no-store" });
  if (problem.code === "internal")
    log.error("a request failed", { requestId, path: pathOf(request), error: problem, stack: stackOf(problem) });
  else log.debug("a request was refused", { requestId, path: pathOf(request), code: problem.code });
  const retryAfter = problem.retryAfterSeconds ?? (problem.code === "unavailable" ? 5 : undefined);
  if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
  const challenge = challengeOf(problem, request, oauth);
  if (challenge !== undefined) headers.set("www-authenticate", challenge);
  // Names are repeated where nothing is found under them, and people paste tokens where names belong.
  return new Response(redact(JSON.stringify({ ...problem.toJSON(), requestId })), { status: problem.status, headers });
}

/** A problem within an answer that tells of several. */
export const problemBody = (problem: Problem): unknown => JSON.parse(redact(JSON.stringify(problem)));

const stackOf = (problem: Problem) => (problem.cause instanceof Error ? problem.cause.stack : problem.stack);
