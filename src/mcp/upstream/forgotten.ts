import { boundedText } from "./bounded-text.ts";
import { type Answer, readAlready } from "./http1/answer.ts";

/**
 * Whether an answer to request `id` with a session says that the server does not know it any more: 404, as the specification has it, or 400 with words
 * to that effect, as several SDKs do ("No valid session ID provided", "Server not initialized"). -32602 is about what the caller wrote. An error that
 * bears the request's own id is an answer to it, of a server that may have carried it out ("the browser session has crashed"); SDKs refuse a session
 * without it.
 */
export function saysForgotten(status: number, text: string, id?: number): boolean {
  if (status !== 400 && status !== 404) return false;
  const { code, message, of } = errorIn(text);
  if (id !== undefined && of === id) return status === 404 && /session/i.test(message);
  return status === 404 || (code !== -32602 && /session|not initialized/i.test(message));
}

function errorIn(text: string): { code?: unknown; message: string; of?: unknown } {
  try {
    const { id: of, error } = JSON.parse(text) as { id?: unknown; error?: { code?: unknown; message?: unknown } };
    if (typeof error === "string") return { message: error, of };
    return { code: error?.code, message: String(error?.message), of };
  } catch {
    return { message: text.slice(0, 500) };
  }
}

/** The answer to request `id`, to be read still, or undefined when it says that the session is forgotten. */
export async function unlessForgotten(answer: Answer, maxBytes: number, id?: number): Promise<Answer | undefined> {
  if (answer.status !== 400 && answer.status !== 404) return answer;
  const text = await boundedText(answer, maxBytes);
  return saysForgotten(answer.status, text, id) ? undefined : readAlready(answer, text);
}
