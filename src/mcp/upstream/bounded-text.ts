import { bytesInWords } from "../../resources/limits.ts";
import { Beyond } from "./failures.ts";
import type { Answer } from "./http1/answer.ts";

/** The body as text; what is compressed counts as what it becomes. `setBy` says what sets the bound. @throws Beyond when it is longer */
export async function boundedText(answer: Answer, maxBytes: number, setBy?: string): Promise<string> {
  const text = await answer.text(maxBytes);
  if (text === undefined)
    throw new Beyond(`its answer is over ${bytesInWords(maxBytes)}${setBy === undefined ? "" : `; ${setBy}`}`);
  return text;
}
