import type { Lister } from "./listing.ts";

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
  let part: Awaited<ReturnType<Lister>> | undefined = await list(after, firstItems);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (part === undefined) return controller.close();
      const { items, next } = part;
      if (items.length > 0)
        controller.enqueue(encoder.encode(items.map((item) => `${JSON.stringify(item)}\n`).join("")));
      part = next === undefined ? undefined : await list(next, moreItems);
      if (part === undefined) controller.close();
    },
  });
  return new Response(body, { headers: lineHeaders });
}

/** Whether a request would rather have lines than one document. */
export const wantsLines = ({ headers }: Request): boolean =>
  (headers.get("accept") ?? "").toLowerCase().includes(lineHeaders["content-type"]);
