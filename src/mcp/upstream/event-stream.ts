/** The `data` of each event of a server-sent event stream (WHATWG HTML §9.2). An event over `maxBytes` ends it with an error. */
export async function* eventsOf(body: ReadableStream<Uint8Array>, maxBytes: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of body) {
    pending += decoder.decode(chunk, { stream: true });
    for (;;) {
      const end = /\r\n\r\n|\n\n|\r\r/.exec(pending);
      if (end === null) break;
      const data = dataOf(pending.slice(0, end.index));
      pending = pending.slice(end.index + end[0].length);
      if (data !== "") yield data;
    }
    if (pending.length > maxBytes) throw new Error("an event of the stream is too big");
  }
}

const dataOf = (event: string): string =>
  event
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith("data:"))
    .map((line) => line.slice(5).replace(/^ /, ""))
    .join("\n");
