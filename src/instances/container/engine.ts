import { accessSync, constants } from "node:fs";
import { boundedText } from "../../lib/bounded-text.ts";
import { Problem } from "../../lib/problem.ts";
import { type Attached, attachTo } from "./attach.ts";
import { messageIn, Refusal } from "./refusal.ts";

type Asked = { body?: object; ms?: number; signal?: AbortSignal | undefined };
type Method = "GET" | "POST" | "DELETE";

const answerMs = 30_000;
const answerBytes = 4 * 1024 * 1024;

export type Engine = ReturnType<typeof engineAt>;

/**
 * The Docker Engine API over a socket of this machine, as Docker and podman both serve it. No version is named in the path: each then answers in
 * its newest, and what we ask for has been there since 1.24.
 */
export function engineAt(socket: string) {
  const unanswered = (cause: unknown) =>
    new Problem("unavailable", `the container engine at ${socket} does not answer`, { cause });

  async function request(method: Method, path: string, { body, ms = answerMs, signal }: Asked): Promise<Response> {
    const deadline = AbortSignal.timeout(ms);
    try {
      return await fetch(`http://engine${path}`, {
        unix: socket,
        method,
        keepalive: false,
        signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
    } catch (error) {
      throw unanswered(error);
    }
  }

  async function textOf(response: Response): Promise<string> {
    try {
      return await bounded(response);
    } catch (error) {
      throw unanswered(error);
    }
  }

  return {
    socket,
    /** Its answer as text. @throws Refusal; Problem `unavailable` when it does not answer within its time and our bounds */
    async ask(method: Method, path: string, asked: Asked = {}): Promise<string> {
      const response = await request(method, path, asked);
      const text = await textOf(response);
      if (response.status >= 400) throw new Refusal(response.status, messageIn(text));
      return text;
    },
    /** An answer that comes bit by bit; the time is for all of it. @throws as above */
    async stream(method: Method, path: string, asked: Asked): Promise<AsyncIterable<Uint8Array>> {
      const response = await request(method, path, asked);
      if (response.status >= 400) throw new Refusal(response.status, messageIn(await textOf(response)));
      return bytesOf(response);
    },
    /** @throws Refusal; Problem `unavailable` */
    attach: (id: string, withInput: boolean): Promise<Attached> => attachTo(socket, id, withInput),
    /** Undefined when it answers, else why not. */
    async ping(ms: number): Promise<string | undefined> {
      try {
        accessSync(socket, constants.R_OK | constants.W_OK);
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === "ENOENT" ? "is not there" : "permission denied";
      }
      const response = await request("GET", "/_ping", { ms }).catch(() => undefined);
      await response?.body?.cancel();
      if (response === undefined) return "nothing answers";
      return response.ok ? undefined : `answers with status ${response.status}`;
    },
  };
}

async function bounded(response: Response): Promise<string> {
  const text = await boundedText(response, answerBytes);
  if (text === undefined) throw new Error("the answer is too long");
  return text;
}

const bytesOf = (response: Response): AsyncIterable<Uint8Array> =>
  response.body ?? new ReadableStream<Uint8Array>({ start: (controller) => controller.close() });
