import { Problem } from "../../lib/problem.ts";
import { message, type Outcome } from "../answers.ts";
import { codes } from "../protocol.ts";
import { isBounded, membersOf, memberText } from "../spans.ts";
import { limits } from "./upstream.ts";

const goneAway = "the caller went away";

type Waiting = { resolve: (outcome: Outcome) => void; reject: (error: Problem) => void };

/**
 * The JSON-RPC of one connection to a server: ids of our own for each request, since two clients of ours may well use the same
 * (CVE-2026-25536), answers matched to them, the server's own requests answered.
 */
export function conversation(send: (text: string) => void) {
  const waiting = new Map<number, Waiting>();
  const listeners = new Set<(method: string, params: string) => void>();
  let nextId = 1;
  let ended: Problem | undefined;

  function request(
    method: string,
    params: string,
    options: { signal?: AbortSignal; timeoutMs?: number } = {},
  ): Promise<Outcome> {
    if (ended !== undefined) return Promise.reject(ended);
    if (waiting.size >= limits.inFlight)
      return Promise.reject(new Problem("unavailable", "the server has too many calls to answer already"));
    // While the body came or the server started, the right may have ended: such a call must not arrive.
    if (options.signal?.aborted === true) return Promise.reject(new Problem("unavailable", goneAway));
    const id = nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    const giveUp = (why: string) => {
      notify("notifications/cancelled", JSON.stringify({ requestId: id, reason: why }));
      reject(new Problem("unavailable", why));
    };
    const timeoutMs = options.timeoutMs ?? limits.callMs;
    const timer = setTimeout(() => giveUp(`the server gave no answer within ${timeoutMs / 1000} s`), timeoutMs);
    const onAbort = () => giveUp(goneAway);
    options.signal?.addEventListener("abort", onAbort, { once: true });
    waiting.set(id, { resolve, reject });
    try {
      send(`{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${params}}`);
    } catch (error) {
      reject(
        error instanceof Problem
          ? error
          : new Problem("unavailable", "the server cannot be written to", { cause: error }),
      );
    }
    return promise.finally(() => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", onAbort);
      waiting.delete(id);
    });
  }

  function notify(method: string, params = "{}"): void {
    if (ended !== undefined) return;
    try {
      send(`{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${params}}`);
    } catch {
      // A notification has no answer to wait for; whoever waits for a request is told by its own failure.
    }
  }

  /** Takes one message of the server. What is not JSON-RPC is dropped: it answers nothing. */
  function receive(text: string): void {
    if (!isJsonObject(text)) return;
    const members = membersOf(text);
    const id = memberText(text, members, "id");
    const method = memberText(text, members, "method");
    const name: unknown = method === undefined ? undefined : JSON.parse(method);
    if (method === undefined) settle(id, memberText(text, members, "result"), memberText(text, members, "error"));
    else if (typeof name === "string" && id !== undefined) answer(id, name);
    else if (typeof name === "string")
      for (const listener of listeners) listener(name, memberText(text, members, "params") ?? "{}");
  }

  function settle(id: string | undefined, result: string | undefined, error: string | undefined): void {
    const entry = waiting.get(Number(id));
    if (entry === undefined) return;
    if (error !== undefined) entry.resolve({ error });
    else if (result !== undefined) entry.resolve({ result });
    else entry.reject(new Problem("unavailable", "the server's answer has neither result nor error"));
  }

  /** We declared no capabilities, so a server may ask us for nothing but a sign of life. */
  function answer(id: string, method: string): void {
    const refusal = {
      error: JSON.stringify({ code: codes.unknownMethod, message: `${method} is not offered through this gateway` }),
    };
    try {
      send(message(id, method === "ping" ? { result: "{}" } : refusal));
    } catch {
      // The server cannot be written to; its own end will be noticed.
    }
  }

  /** Nothing more will come: everybody who waits is told why. */
  function end(reason: Problem): void {
    ended ??= reason;
    for (const { reject } of waiting.values()) reject(reason);
  }

  return {
    request,
    notify,
    receive,
    end,
    onNotification: (listener: (method: string, params: string) => void) => void listeners.add(listener),
  };
}

/** Servers are not trusted to send what they should: bounds first, then a parse, and only then places within the text. */
export function isJsonObject(text: string): boolean {
  if (text.length > limits.messageBytes || !isBounded(text)) return false;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
