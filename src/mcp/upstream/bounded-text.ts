import { shareOfTurn } from "../../lib/share.ts";
import { bytesInWords } from "../../resources/limits.ts";
import { Beyond } from "./failures.ts";

/** The body as text; what is compressed counts as what it becomes. `setBy` says what sets the bound. @throws Beyond when it is longer */
export async function boundedText(response: Response, maxBytes: number, setBy?: string): Promise<string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let text = "";
  const spent = shareOfTurn();
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes)
      throw new Beyond(`its answer is over ${bytesInWords(maxBytes)}${setBy === undefined ? "" : `; ${setBy}`}`);
    // As it comes: megabytes in one piece would be copied twice at once.
    text += decoder.decode(chunk, { stream: true });
    await spent();
  }
  return text + decoder.decode();
}
