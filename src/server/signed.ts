import { newId } from "../lib/id.ts";
import { version } from "../lib/version.ts";
import type { Head } from "../mcp/visit.ts";

/** What every answer says: who answers, so that a command line of another version can say why it was not understood, and that it may differ by page. */
export function sign(headers: Headers): Headers {
  headers.set("x-mcpctl-version", version);
  headers.append("vary", "Origin");
  return headers;
}

type Signed = { status: number; headers: Headers };

/** Heads that were said before: a Response that is made with Headers copies them, which costs half of what single words do. */
const known = new WeakMap<Head, Signed>();

function signed(head: Head): Signed {
  const before = known.get(head);
  if (before !== undefined) return before;
  const made = { status: head.status, headers: sign(new Headers(head.headers)) };
  known.set(head, made);
  return made;
}

/** An answer, with the id by which the log calls its request. */
export function answerOf(body: string | ReadableStream<Uint8Array> | null, head: Head): Response {
  const said = signed(head);
  said.headers.set("x-request-id", newId());
  return new Response(body, said);
}
