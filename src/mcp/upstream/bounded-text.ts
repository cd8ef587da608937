import { bytesInWords } from "../../resources/limits.ts";
import { Beyond } from "./failures.ts";
import type { Answer } from "./http1/answer.ts";

/** The body as text; what is compressed counts as what it becomes. `setBy` says what sets the bound. @throws Beyond when it is longer */
export async function boundedText(answer: Answer, maxBytes: number, setBy?: string): Promise<string> {
  return within(await answer.text(maxBytes), maxBytes, setBy);
}

/** The same in pieces, where it is long. */
export async function boundedPieces(answer: Answer, maxBytes: number, setBy: string): Promise<readonly string[]> {
  if (answer.pieces === undefined) return [await boundedText(answer, maxBytes, setBy)];
  return within(await answer.pieces(maxBytes), maxBytes, setBy);
}

function within<T>(body: T | undefined, maxBytes: number, setBy: string | undefined): T {
  if (body === undefined)
    throw new Beyond(`its answer is over ${bytesInWords(maxBytes)}${setBy === undefined ? "" : `; ${setBy}`}`);
  return body;
}
