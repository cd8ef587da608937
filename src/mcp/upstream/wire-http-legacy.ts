import { sleep } from "../../lib/wait.ts";
import type { ServerLimits } from "../../resources/limits.ts";
import { Absent, Beyond, SessionForgotten, unavailable } from "./failures.ts";
import { unlessForgotten } from "./forgotten.ts";
import { answerReader, asProblem, isEventStream, type Resumption } from "./http.ts";
import { type HttpTarget, httpClient } from "./http-client.ts";
import type { Ear, Sending, Wire } from "./wire.ts";

/** What SSE waits for when no server said otherwise, and how often a stream that gives nothing is taken up again. */
const retryMs = 1_000;
const longestRetryMs = 60_000;
/** A stream that ends at once and asks for no pause would be taken up again without one. */
const shortestRetryMs = 50;
const fruitlessTries = 5;

/**
 * Streamable HTTP of the legacy era: a session where the server wants one, a stream for each request that is taken up again when it breaks off
 * (`Last-Event-ID`, after exactly the `retry` that was asked for), and one stream for what belongs to no request.
 */
export function legacyHttpWire(target: HttpTarget, limits: ServerLimits): Wire {
  const http = httpClient(target, limits);
  const { readAnswer, readStream } = answerReader(limits);
  const { messageBytes } = limits;
  const connectMs = limits.connectSeconds * 1000;
  let ear: Ear;
  let version: string | undefined;
  let session: string | undefined;
  let listening = new AbortController();

  const headers = (more: Record<string, string> = {}) => ({
    ...(version === undefined ? {} : { "mcp-protocol-version": version }),
    ...(session === undefined ? {} : { "mcp-session-id": session }),
    ...more,
  });
  const json = { "content-type": "application/json" };

  async function carry({ id, method, text }: Sending, ending: AbortController): Promise<void> {
    const at: Resumption = { lastEventId: undefined, retryMs };
    try {
      if (method === "initialize") session = undefined;
      const used = session;
      const opens = method === "initialize";
      const first = await http.reach({ headers: headers(json), body: text, signal: ending.signal, opens });
      const response = used === undefined ? first : await unlessForgotten(first, messageBytes, id);
      if (response === undefined) throw new SessionForgotten();
      if (method === "initialize") session = response.headers.get("mcp-session-id") ?? undefined;
      await readAnswer(response, id, ear, at, ending).catch((error: unknown) => {
        if (at.lastEventId === undefined || error instanceof Beyond) throw error;
      });
      if (!ear.waits(id)) return;
      if (at.lastEventId !== undefined) ear.paused(id, at.retryMs);
      await resume(id, at, ending);
    } catch (error) {
      ear.failed(id, asProblem(error, "the server's event stream broke off"));
    }
  }

  /** @throws Problem when there is nothing to go on from, or going on gives nothing */
  async function resume(id: number, at: Resumption, ending: AbortController): Promise<void> {
    const { signal } = ending;
    for (let tries = 0; tries < fruitlessTries && at.lastEventId !== undefined; tries++) {
      await sleep(Math.min(Math.max(at.retryMs, shortestRetryMs), longestRetryMs), signal);
      if (signal.aborted) return;
      const before: string | undefined = at.lastEventId;
      const response = await takeUp(at, signal).catch(() => undefined);
      if (response === undefined) continue;
      if (!isEventStream(response))
        throw unavailable(`the server does not take up its stream again: HTTP ${response.status}`);
      await readAnswer(response, id, ear, at, ending).catch((error: unknown) => {
        // Taken up again, it would begin with the same event.
        if (error instanceof Beyond) throw error;
      });
      if (!ear.waits(id)) return;
      if (at.lastEventId !== before) tries = -1;
    }
    throw new Absent("the server's event stream ended without an answer");
  }

  const takeUp = ({ lastEventId }: Resumption, signal: AbortSignal): Promise<Response> =>
    http.reach({
      method: "GET",
      headers: headers(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
      signal,
    });

  /** Until the conversation or its session ends; a server that has no such stream says so at once (405). */
  async function listen(signal: AbortSignal, onForgotten: () => void): Promise<void> {
    const at: Resumption = { lastEventId: undefined, retryMs };
    let hasOpened = false;
    for (let failures = 0; !signal.aborted; ) {
      const response = await takeUp(at, signal).catch(() => undefined);
      if (response !== undefined && !isEventStream(response)) {
        const known = await unlessForgotten(response, messageBytes).catch(() => response);
        await known?.body?.cancel();
        // A server without this stream may say 404 too: a session that is new is not forgotten, and opening another would never end.
        if (known === undefined && session !== undefined && hasOpened) return onForgotten();
        if (response.status < 500) return;
      }
      const isOpen = response !== undefined && isEventStream(response);
      hasOpened ||= isOpen;
      failures = isOpen ? 0 : failures + 1;
      if (isOpen) await readStream(response.body, ear.receive, at).catch(() => {});
      const pauseMs = Math.max(at.retryMs, shortestRetryMs) * 2 ** Math.min(failures, 6);
      await sleep(Math.min(pauseMs, longestRetryMs), signal);
    }
  }

  async function post(text: string): Promise<void> {
    const signal = AbortSignal.timeout(connectMs);
    const response = await http.reach({ headers: headers(json), body: text, signal });
    await response.body?.cancel();
  }

  return {
    hear(next) {
      ear = next;
    },
    request(sending) {
      const ending = new AbortController();
      void carry(sending, ending);
      return () => ending.abort();
    },
    post,
    cancelsBy: "message",
    agreed(protocolVersion) {
      version = protocolVersion;
    },
    listen(onForgotten) {
      listening.abort();
      listening = new AbortController();
      void listen(listening.signal, onForgotten);
    },
    close() {
      listening.abort();
      if (session === undefined) return;
      const signal = AbortSignal.timeout(connectMs);
      void http.reach({ method: "DELETE", headers: headers(), signal }).catch(() => {});
    },
  };
}
