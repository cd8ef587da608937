import { shareOfTurn } from "./share.ts";

/** The body as text; what is compressed counts as what it becomes. Undefined when it is longer: the rest of it is not read. */
export async function boundedText(response: Response, maxBytes: number): Promise<string | undefined> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let text = "";
  const spent = shareOfTurn();
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    // As it comes: megabytes in one piece would be copied twice at once.
    text += decoder.decode(chunk, { stream: true });
    await spent();
  }
  return text + decoder.decode();
}
