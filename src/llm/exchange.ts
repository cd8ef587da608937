import type { Clock } from "../lib/clock.ts";
import { parsedJson } from "../lib/json.ts";
import { isObject } from "../lib/object.ts";
import { messageOf } from "../lib/problem.ts";
import type { LlmFields } from "../resources/llm.ts";
import { unfit } from "../resources/server-rules.ts";
import { failureOf, LlmFailure } from "./failure.ts";
import { llmTypes } from "./types.ts";

/** One llm as it was written. */
export type LlmRef = { id: string; name: string; fields: LlmFields };

/** What is answered; `text` is undefined when it is longer. */
export type Answer = {
  status: number;
  header: (name: "retry-after") => string | undefined;
  text: (maxBytes: number) => Promise<string | undefined>;
  letGo: () => void;
};

/** One request, to an address that was judged before, redirects not followed. @throws when it is not reached, in words that may be told */
export type Send = (request: {
  url: string;
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}) => Promise<Answer>;

/** Asks one address of a model's server: a POST when there is a body. @throws LlmFailure */
export type Ask = (url: string, body?: object) => Promise<Record<string, unknown>>;

/** Of an answer; more than any text that is asked for, and than the longest list of models. */
const mostBytes = 2 ** 20;

/** @param key read for this request, so that a new one counts at once */
export function exchange(
  send: Send,
  clock: Clock,
  type: LlmFields["type"],
  key: string | undefined,
  signal: AbortSignal,
): Ask {
  if (key !== undefined && unfit.headers(key) !== undefined)
    throw new LlmFailure("absent", `its key ${unfit.headers(key)}`);
  const ours = { accept: "application/json", ...llmTypes[type].headers(key) };

  async function answerOf(url: string, body: object | undefined): Promise<Answer> {
    const headers = body === undefined ? ours : { ...ours, "content-type": "application/json" };
    try {
      return body === undefined
        ? await send({ url, method: "GET", headers, signal })
        : await send({ url, method: "POST", headers, body: JSON.stringify(body), signal });
    } catch (error) {
      signal.throwIfAborted();
      throw new LlmFailure("absent", messageOf(error), { cause: error });
    }
  }

  return async (url, body) => {
    const answer = await answerOf(url, body);
    const { status } = answer;
    if (status < 200 || status > 299) {
      answer.letGo();
      throw failureOf(status, againIn(answer.header("retry-after"), clock));
    }
    return parsed(await textOf(answer, signal));
  };
}

async function textOf(answer: Answer, signal: AbortSignal): Promise<string> {
  const text = await answer.text(mostBytes).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new LlmFailure("failed", "it broke off in the midst of its answer", { cause: error });
  });
  if (text === undefined) throw new LlmFailure("failed", "its answer is over 1 MiB");
  return text;
}

function parsed(text: string): Record<string, unknown> {
  if (/^\s*</.test(text)) throw new LlmFailure("failed", "it answers with a web page: is its `url` right?");
  const answer = parsedJson(text);
  if (isObject(answer)) return answer;
  throw new LlmFailure("failed", "its answer is no JSON object");
}

/** Seconds or a date (RFC 9110 §10.2.3), in milliseconds from now. */
function againIn(header: string | undefined, clock: Clock): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - clock.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
