import { Problem } from "../../lib/problem.ts";
import type { Outcome } from "../answers.ts";
import { type Introduction, initializeParams, introductionFrom } from "./handshake.ts";
import { exchange, type HttpTarget, readAnswer } from "./http-exchange.ts";
import { limits, type RequestOptions, type Upstream } from "./upstream.ts";

type Session = Introduction & { id: string | undefined };

/**
 * A conversation in the legacy era, with a session where the server wants one. When the server has forgotten it (404), a new one is opened and
 * the request sent once more: it was refused before it could do anything.
 * @returns the server's words when it refuses initialize
 * @throws Problem `unavailable`
 */
export async function openLegacyHttp(target: HttpTarget): Promise<Upstream | { refused: string }> {
  const listeners = new Set<(method: string, params: string) => void>();
  const announce = (method: string) => {
    for (const listener of listeners) listener(method, "{}");
  };
  const closing = new AbortController();
  let nextId = 1;
  let opening: Promise<Session> | undefined;

  async function initialize(): Promise<Session | { refused: string }> {
    const id = nextId++;
    const posting = {
      body: message(id, "initialize", initializeParams),
      headers: {},
      timeoutMs: limits.initializeMs,
      signals: [closing.signal],
    };
    const { outcome, sessionId } = await exchange(target, posting, async (response) => ({
      outcome: await readAnswer(response, id, () => {}),
      sessionId: response.headers.get("mcp-session-id") ?? undefined,
    }));
    if ("error" in outcome)
      return { refused: String((JSON.parse(outcome.error) as { message?: unknown }).message).slice(0, 200) };
    const opened = { ...introductionFrom(outcome), id: sessionId };
    await notify(opened, "notifications/initialized");
    return opened;
  }

  async function reopened(): Promise<Session> {
    const session = await initialize();
    if ("refused" in session)
      throw new Problem("unavailable", `the server refused to open a new session: ${session.refused}`);
    return session;
  }

  /** Undefined when the server does not know the session any more. */
  async function attempt(
    using: Session,
    method: string,
    params: string,
    options: RequestOptions,
  ): Promise<Outcome | undefined> {
    const id = nextId++;
    const { timeoutMs = limits.callMs, signal } = options;
    const signals = signal === undefined ? [closing.signal] : [closing.signal, signal];
    const posting = {
      body: message(id, method, params),
      headers: headersOf(using),
      timeoutMs,
      signals,
      onGivenUp: () => cancel(using, id),
    };
    return await exchange(target, posting, async (response) => {
      const forgotten = response.status === 404 && using.id !== undefined;
      return forgotten ? undefined : await readAnswer(response, id, announce);
    });
  }

  /** In this era a connection that closes cancels nothing (reference/protocol.md §3.1): untold, the server would work on for nobody. */
  function cancel(using: Session, requestId: number): void {
    const params = JSON.stringify({ requestId, reason: "nobody waits for the answer any more" });
    notify(using, "notifications/cancelled", params).catch(() => {});
  }

  async function notify(using: Session, method: string, params = "{}"): Promise<void> {
    const posting = {
      body: message(undefined, method, params),
      headers: headersOf(using),
      timeoutMs: limits.connectMs,
      signals: [closing.signal],
    };
    await exchange(target, posting, async (response) => await response.body?.cancel());
  }

  const first = await initialize();
  if ("refused" in first) return first;
  let session: Session = first;
  return {
    era: "legacy",
    serverInfo: first.serverInfo,
    capabilities: first.capabilities,
    protocolVersion: first.protocolVersion,
    async request(method, params, options = {}) {
      const using = session;
      const outcome = await attempt(using, method, params, options);
      if (outcome !== undefined) return outcome;
      if (session === using) {
        opening ??= reopened().finally(() => {
          opening = undefined;
        });
        session = await opening;
      }
      const again = await attempt(session, method, params, options);
      if (again === undefined) throw new Problem("unavailable", "the server forgets each session at once");
      return again;
    },
    notify: (method, params) => notify(session, method, params),
    onNotification: (listener) => void listeners.add(listener),
    follow: async () => {},
    close: () => closing.abort(),
  };
}

const message = (id: number | undefined, method: string, params: string): string =>
  `{"jsonrpc":"2.0",${id === undefined ? "" : `"id":${id},`}"method":${JSON.stringify(method)},"params":${params}}`;

const headersOf = ({ id, protocolVersion }: Session): Record<string, string> => ({
  "mcp-protocol-version": protocolVersion,
  ...(id === undefined ? {} : { "mcp-session-id": id }),
});
