import { turn } from "../lib/wait.ts";
import type { Lister, Part } from "./listing.ts";

/** The first part is short, so that somebody who waits sees something; the others are as long as a turn of the event loop may take. */
const firstItems = 50;
const moreItems = 250;

export const lineHeaders = { "content-type": "application/x-ndjson", "cache-control": "no-store" };

/**
 * A whole list, one item a line, read as it is taken: what is long begins at once, and is nowhere whole. Not of one moment: what changes
 * meanwhile is told as it is when its turn comes. Breaks off where the right to it ends on the way.
 */
export async function streamed(list: Lister, after: string): Promise<Response> {
  // Whoever may not look is told so by the answer, not within it.
  const first = await list(after, firstItems);
  const encoder = new TextEncoder();
  let part: Part | undefined = first;
  let next = first.next;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      // Read when it is asked for, and not before what was read is on its way.
      if (part === undefined && next !== undefined) {
        await turn();
        part = await list(next, moreItems);
        next = part.next;
      }
      const text = part?.items.map((item) => `${JSON.stringify(item)}\n`).join("") ?? "";
      if (text !== "") controller.enqueue(encoder.encode(text));
      part = undefined;
      if (next === undefined) controller.close();
    },
  });
  return new Response(body, { headers: lineHeaders });
}

/** Whether a request would rather have lines than one document. */
export const wantsLines = ({ headers }: Request): boolean =>
  (headers.get("accept") ?? "").toLowerCase().includes(lineHeaders["content-type"]);
