import { beginningOf } from "../../../lib/bounded-text.ts";
import { eventsOf } from "../../../lib/event-stream.ts";
import { messageOf } from "../../../lib/problem.ts";

export type Tool = { name: string; description?: unknown; inputSchema?: unknown };

/** Where a client would go and with what, and what was learnt there so far. */
export type Visit = {
  url: string;
  /** How the server is called in the client. */
  name: string;
  token: string | undefined;
  /** What a page says of where it comes from. */
  origin: string;
  timeoutMs: number;
  fetch: (request: Request) => Promise<Response>;
  /** Sent with every request once it is known: the page's origin, the session, the version. */
  headers: Record<string, string>;
  isModern: boolean;
  tools: Tool[];
  /** Left open by a step, ended with the visit. */
  endings: (() => Promise<void>)[];
};

/**
 * One step of a client. `run` answers what it saw, in words. @throws CheckFailure
 * One that judges asks nothing: it is done although another judgement failed.
 */
export type CheckStep = { name: string; judges?: true; run: (visit: Visit) => Promise<string> | string };

/** `reach`: no way there, or not with this credential (exit 1). `contract`: the client would not take what it got (exit 2). */
export class CheckFailure extends Error {
  readonly kind: "reach" | "contract";
  constructor(kind: CheckFailure["kind"], message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

export const modern = "2026-07-28";
const mostBytes = 16 * 1024 * 1024;
const mostSaid = 300;

/** Sends a request as the client does; every answer that comes is one, also a refusal. @throws CheckFailure when none comes in time */
export async function send(visit: Visit, url: string, init: RequestInit): Promise<Response> {
  const signal = AbortSignal.timeout(visit.timeoutMs);
  try {
    return await visit.fetch(new Request(url, { redirect: "manual", signal, ...init }));
  } catch (error) {
    const why = signal.aborted ? `nothing within ${visit.timeoutMs / 1000} s` : messageOf(error);
    throw new CheckFailure("reach", `no answer: ${why}`, error);
  }
}

export const credential = ({ token }: Visit): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

/** Posts a message with the client's headers. @throws CheckFailure for a refusal that ends the matter for it */
export async function post(visit: Visit, message: object, more: Record<string, string> = {}): Promise<Response> {
  const response = await send(visit, visit.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...credential(visit),
      ...visit.headers,
      ...more,
    },
    body: JSON.stringify({ jsonrpc: "2.0", ...message }),
  });
  await refuse(visit, response);
  return response;
}

/** 401, 403, redirects and 5xx are no matter of MCP. */
async function refuse({ token }: Visit, response: Response): Promise<void> {
  const { status } = response;
  if (status === 401)
    throw new CheckFailure(
      "reach",
      `HTTP 401: ${token === undefined ? "it takes a token" : "the token is refused"}${await saying(response)}`,
    );
  if (status === 403) throw new CheckFailure("reach", `HTTP 403${await saying(response)}`);
  if (status >= 300 && status < 400)
    throw new CheckFailure("reach", `HTTP ${status}: it leads elsewhere, and the client does not follow`);
  if (status >= 500) throw new CheckFailure("reach", `HTTP ${status}${await saying(response)}`);
}

/** A problem's or an error's own words, in brackets; of a page of HTML nothing. */
async function saying(response: Response): Promise<string> {
  const text = await bodyOf(response, mostSaid * 10).catch(() => "");
  const said = /"(?:detail|error_description|message)"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  const words = said ?? (/^\s*[<{[]/.test(text) ? "" : text);
  return words.trim() === "" ? "" : ` (${words.replace(/\s+/g, " ").trim().slice(0, mostSaid)})`;
}

/** Its text, as far as `most`. @throws when it breaks off */
export async function bodyOf(response: Response, most = mostBytes): Promise<string> {
  const { text, broken } = await beginningOf(response, most);
  if (broken !== undefined) throw broken;
  return text;
}

export type Answer = { result?: Record<string, unknown>; error?: { code?: number; message?: string } };

/** The answer to a request, whether it came alone or in a stream. @throws CheckFailure `contract` when there is none in it */
export async function answerIn(response: Response): Promise<Answer> {
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  try {
    if (!isStream) return messageIn(await bodyOf(response));
    const beyond = () => new CheckFailure("contract", `an event of more than ${mostBytes / 1e6} MB`);
    for await (const { data } of eventsOf(response.body ?? new ReadableStream(), mostBytes, beyond)) {
      const message = data === "" ? {} : messageIn(data);
      if (message.result !== undefined || message.error !== undefined) return message;
    }
  } catch (error) {
    if (error instanceof CheckFailure) throw error;
    throw new CheckFailure("reach", `the answer broke off: ${messageOf(error)}`, error);
  }
  throw new CheckFailure("contract", "the stream ended without an answer");
}

function messageIn(text: string): Answer {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw new CheckFailure("contract", `the answer is not JSON-RPC${/^\s*</.test(text) ? " but a page of HTML" : ""}`);
}
