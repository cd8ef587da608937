import { sleep } from "../../lib/wait.ts";
import { codes } from "../../mcp/protocol.ts";
import type { Fetch } from "../client.ts";

/** Nobody answered: `isUnsent` when it is certain that nothing arrived. */
export class Unanswered extends Error {
  readonly isUnsent: boolean;
  constructor(message: string, isUnsent: boolean, cause?: unknown) {
    super(message, { cause });
    this.isUnsent = isUnsent;
  }
}

export type Delivery = {
  method: "GET" | "POST" | "DELETE";
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
  /** Whether a gateway that is not there is waited for; it is when absent. */
  patient?: boolean;
};

export type Door = {
  url: string;
  /** What to log in with; asked again after a refusal, since somebody may have logged in anew. */
  credential: () => Promise<string | undefined>;
  fetch: Fetch;
  /** How long a gateway that is not there is waited for. */
  patienceMs: number;
  /** Told once when it is gone, and once when it is back. */
  tell: (text: string) => void;
};

/** What `fetch` says when no connection came about, so that no byte was sent. */
const unsent: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ConnectionRefused",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "FailedToOpenSocket",
]);
const firstPauseMs = 100;
const longestPauseMs = 2_000;

/** Sends to one gateway. What reached nobody is sent again while patience lasts; nothing else is. */
export function createDelivery({ url, credential, fetch, patienceMs, tell }: Door) {
  let isGone = false;

  async function once({ method, headers, body, signal }: Delivery, token: string | undefined): Promise<Response> {
    const accept = method === "POST" ? "application/json, text/event-stream" : "text/event-stream";
    const request = new Request(url, {
      method,
      redirect: "manual",
      signal,
      headers: {
        accept,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    try {
      return await fetch(request);
    } catch (error) {
      if (signal.aborted) throw error;
      const isUnsent = unsent.has(String((error as { code?: unknown }).code));
      throw new Unanswered(isUnsent ? `mcpctl at ${url} does not answer` : brokenOff, isUnsent, error);
    }
  }

  /** @throws Unanswered */
  return async function send(delivery: Delivery): Promise<Response> {
    const until = performance.now() + (delivery.patient === false ? 0 : patienceMs);
    let token = await credential();
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const found = await once(delivery, token).catch((error: unknown) => {
        if (error instanceof Unanswered && error.isUnsent) return error;
        throw error;
      });
      const isBusy = found instanceof Response && found.status === 503 && (await wasSentNowhere(found));
      if (found instanceof Response && !isBusy) {
        if (isGone) tell(`mcpctl at ${url} answers again`);
        isGone = false;
        const fresh = found.status === 401 ? await credential() : token;
        if (fresh === token) return found;
        await found.body?.cancel();
        token = fresh;
        continue;
      }
      if (performance.now() + pauseMs > until) {
        if (found instanceof Response) return found;
        throw found;
      }
      if (!isGone) tell(`mcpctl at ${url} does not answer; it is tried for ${patienceMs / 1000} s`);
      isGone = true;
      await sleep(pauseMs, delivery.signal);
      delivery.signal.throwIfAborted();
    }
  };
}

export const brokenOff = "the connection to mcpctl broke before it had answered";

/** By its code: a gateway that ends or has no room says that it sent the message on to nobody. */
async function wasSentNowhere(response: Response): Promise<boolean> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return (body as { error?: { code?: unknown } } | undefined)?.error?.code === codes.busy;
}
