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

/** What came of a body, which may be endless: its first `most` bytes as text, and why it broke off before, where it did. */
export async function beginningOf({ body }: Response, most: number): Promise<{ text: string; broken?: unknown }> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const text = () => Buffer.concat(parts).subarray(0, most).toString();
  try {
    for await (const part of body ?? []) {
      parts.push(part);
      size += part.length;
      if (size >= most) break;
    }
  } catch (broken) {
    return { text: text(), broken };
  }
  return { text: text() };
}
