import { boundedText as textWithin } from "../../lib/bounded-text.ts";
import { bytesInWords } from "../../resources/limits.ts";
import { Beyond } from "./failures.ts";

/** The body as text; what is compressed counts as what it becomes. `setBy` says what sets the bound. @throws Beyond when it is longer */
export async function boundedText(response: Response, maxBytes: number, setBy?: string): Promise<string> {
  const text = await textWithin(response, maxBytes);
  if (text === undefined)
    throw new Beyond(`its answer is over ${bytesInWords(maxBytes)}${setBy === undefined ? "" : `; ${setBy}`}`);
  return text;
}
