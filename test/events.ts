// The events of a stream as tests read them, written apart from the product's own reader: sharing it would share its mistakes.
export type SeenEvent = { id: string; event: string; data: string };

/** Comments are left out. */
export async function* eventsOf(response: Response): AsyncGenerator<SeenEvent> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of response.body ?? []) {
    const blocks = (pending + decoder.decode(chunk, { stream: true })).split("\n\n");
    pending = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string) =>
        block.split("\n").flatMap((line) => (line.startsWith(`${name}: `) ? [line.slice(name.length + 2)] : []));
      const isComment = block.split("\n").every((line) => line.startsWith(":"));
      const [id, event, data] = [field("id"), field("event"), field("data")].map((lines) => lines.join("\n"));
      if (!isComment) yield { id: id ?? "", event: event || "message", data: data ?? "" };
    }
  }
}

/** What has come so far, and whether more may come. */
export function eventsSeen(response: Response): { seen: SeenEvent[]; ended: boolean } {
  const state = { seen: [] as SeenEvent[], ended: false };
  void (async () => {
    for await (const event of eventsOf(response)) state.seen.push(event);
  })()
    .catch(() => {})
    .finally(() => {
      state.ended = true;
    });
  return state;
}
