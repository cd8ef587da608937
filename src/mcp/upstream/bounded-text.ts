import { unavailable } from "./failures.ts";

/** The body as text; what is compressed counts as what it becomes. @throws Problem `unavailable` when it is longer */
export async function boundedText(response: Response, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw unavailable("the server's answer is too big");
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}
