import { boundedText } from "./bounded-text.ts";

/**
 * Whether an answer to a request with a session says that the server does not know it any more: 404, as the specification has it, or 400 with words
 * to that effect, as several SDKs do ("No valid session ID provided", "Server not initialized"). -32602 is about what the caller wrote.
 */
export function saysForgotten(status: number, text: string): boolean {
  if (status !== 400) return status === 404;
  const { code, message } = errorIn(text);
  return code !== -32602 && /session|not initialized/i.test(message);
}

function errorIn(text: string): { code: unknown; message: string } {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown } };
    return typeof error === "string"
      ? { code: undefined, message: error }
      : { code: error?.code, message: String(error?.message) };
  } catch {
    return { code: undefined, message: text.slice(0, 500) };
  }
}

/** The answer, to be read still, or undefined when it says that the session is forgotten. */
export async function unlessForgotten(response: Response, maxBytes: number): Promise<Response | undefined> {
  if (response.status !== 400 && response.status !== 404) return response;
  const text = await boundedText(response, maxBytes);
  return saysForgotten(response.status, text) ? undefined : new Response(text, response);
}
