import { Problem } from "../lib/problem.ts";
import type { Outcome } from "./answers.ts";
import { isJsonObject } from "./conversation.ts";
import { eventsOf } from "./event-stream.ts";
import { type Introduction, initializeParams, introductionFrom } from "./handshake.ts";
import { membersOf, memberText } from "./spans.ts";
import { limits, type Upstream } from "./upstream.ts";

export type HttpTarget = { url: string; headers: Record<string, string> };

type Session = Introduction & { id: string | undefined };
type Posted = { outcome: Outcome } | { forgotten: true };

/**
 * A conversation over Streamable HTTP (2025-06-18 and kin). When the server has forgotten the session (404), a new one is opened and the request
 * sent once more: it was refused before it could do anything.
 * @throws Problem `unavailable`
 */
export async function openHttp(target: HttpTarget): Promise<Upstream> {
  const listeners = new Set<(method: string) => void>();
  const announce = (method: string) => {
    for (const listener of listeners) listener(method);
  };
  const closing = new AbortController();
  let nextId = 1;
  let session = await initialize();
  let opening: Promise<Session> | undefined;

  async function initialize(): Promise<Session> {
    const requestId = nextId++;
    const { response, done } = await post(
      target,
      undefined,
      requestId,
      "initialize",
      initializeParams,
      limits.initializeMs,
      closing.signal,
    );
    try {
      const id = response.headers.get("mcp-session-id") ?? undefined;
      const opened = { ...introductionFrom(await readAnswer(response, requestId, () => {})), id };
      await notifyIn(opened, "notifications/initialized");
      return opened;
    } finally {
      done();
    }
  }

  async function reopen(stale: Session): Promise<void> {
    if (session !== stale) return;
    opening ??= initialize().finally(() => {
      opening = undefined;
    });
    session = await opening;
  }

  async function attempt(
    using: Session,
    method: string,
    params: string,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Posted> {
    const id = nextId++;
    const { response, done } = await post(target, using, id, method, params, timeoutMs, signal ?? closing.signal);
    try {
      if (response.status === 404 && using.id !== undefined) return { forgotten: true };
      return { outcome: await readAnswer(response, id, announce) };
    } finally {
      done();
    }
  }

  async function request(
    method: string,
    params: string,
    options: { signal?: AbortSignal; timeoutMs?: number } = {},
  ): Promise<Outcome> {
    const timeoutMs = options.timeoutMs ?? limits.callMs;
    for (let round = 0; round < 2; round++) {
      const using = session;
      const posted = await attempt(using, method, params, timeoutMs, options.signal);
      if ("outcome" in posted) return posted.outcome;
      await reopen(using);
    }
    throw new Problem("unavailable", "the server forgets each session at once");
  }

  async function notifyIn(using: Session, method: string, params = "{}"): Promise<void> {
    const { response, done } = await post(target, using, undefined, method, params, limits.connectMs, closing.signal);
    await response.body?.cancel();
    done();
  }

  return {
    serverInfo: session.serverInfo,
    capabilities: session.capabilities,
    protocolVersion: session.protocolVersion,
    request,
    notify: (method, params) => notifyIn(session, method, params),
    onNotification: (listener) => void listeners.add(listener),
    close: () => closing.abort(),
  };
}

/** One POST. `done` ends its deadline, which reaches to the last byte of the answer. */
async function post(
  { url, headers }: HttpTarget,
  session: Session | undefined,
  id: number | undefined,
  method: string,
  params: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ response: Response; done: () => void }> {
  const deadline = new AbortController();
  const abort = () => deadline.abort();
  const timer = setTimeout(abort, timeoutMs);
  signal.addEventListener("abort", abort, { once: true });
  const done = () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  };
  const idPart = id === undefined ? "" : `"id":${id},`;
  try {
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      signal: deadline.signal,
      timeout: false,
      headers: {
        ...headers,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...(session === undefined ? {} : { "mcp-protocol-version": session.protocolVersion }),
        ...(session?.id === undefined ? {} : { "mcp-session-id": session.id }),
      },
      body: `{"jsonrpc":"2.0",${idPart}"method":${JSON.stringify(method)},"params":${params}}`,
    } as RequestInit);
    return { response, done };
  } catch (error) {
    done();
    const why = deadline.signal.aborted
      ? signal.aborted
        ? "the caller went away"
        : `no answer within ${timeoutMs / 1000} s`
      : "it cannot be reached";
    throw new Problem("unavailable", why, { cause: error });
  }
}

/** The answer to our id, out of a JSON body or an event stream; whatever else the stream holds is a notification. */
async function readAnswer(response: Response, id: number, onNotification: (method: string) => void): Promise<Outcome> {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("text/event-stream") && response.body !== null)
    return await readStream(response.body, id, onNotification);
  const text = await boundedText(response);
  const outcome = isJsonObject(text) ? outcomeOf(text, id) : undefined;
  if (outcome !== undefined) return outcome;
  const credentials = response.status === 401 || response.status === 403 ? "; check the server's headers" : "";
  throw new Problem("unavailable", `the server answered HTTP ${response.status} and no JSON-RPC${credentials}`);
}

async function readStream(
  body: ReadableStream<Uint8Array>,
  id: number,
  onNotification: (method: string) => void,
): Promise<Outcome> {
  try {
    for await (const text of eventsOf(body, limits.messageBytes)) {
      if (!isJsonObject(text)) continue;
      const outcome = outcomeOf(text, id);
      if (outcome !== undefined) return outcome;
      const { method, id: theirs } = JSON.parse(text) as { method?: unknown; id?: unknown };
      if (typeof method === "string" && theirs === undefined) onNotification(method);
    }
  } catch (error) {
    throw new Problem("unavailable", "the server's event stream broke off", { cause: error });
  }
  throw new Problem("unavailable", "the server's event stream ended without an answer");
}

function outcomeOf(text: string, id: number): Outcome | undefined {
  const members = membersOf(text);
  if (memberText(text, members, "method") !== undefined || memberText(text, members, "id") !== String(id))
    return undefined;
  const result = memberText(text, members, "result");
  const error = memberText(text, members, "error");
  return error !== undefined ? { error } : result !== undefined ? { result } : undefined;
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > limits.messageBytes) throw new Problem("unavailable", "the server's answer is too big");
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}
