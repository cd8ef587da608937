/** One event of a server-sent event stream; `data` is empty in one that only says where to take up the stream again. */
export type ServerEvent = { event: string; data: string; id?: string; retryMs?: number };

/**
 * The events of a server-sent event stream (WHATWG HTML §9.2), those without data too when they bear an id or a `retry`.
 * @throws Error for an event over `maxBytes`
 */
export async function* eventsOf(body: ReadableStream<Uint8Array>, maxBytes: number): AsyncGenerator<ServerEvent> {
  let fields: [name: string, value: string][] = [];
  let size = 0;
  for await (const line of linesOf(body, maxBytes)) {
    if (line !== "") {
      size += line.length;
      if (size > maxBytes) throw tooBig();
      if (!line.startsWith(":")) fields.push(fieldOf(line));
      continue;
    }
    if (fields.length > 0) yield eventOf(fields);
    fields = [];
    size = 0;
  }
}

/** Lines end with CR LF, LF or CR, and a CR LF may come in two pieces. What is after the last end of a line is no line. */
async function* linesOf(body: ReadableStream<Uint8Array>, maxBytes: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let size = 0;
  let endedWithReturn = false;
  for await (const chunk of body) {
    const text = decoder.decode(chunk, { stream: true });
    if (text === "") continue;
    let start = endedWithReturn && text.startsWith("\n") ? 1 : 0;
    endedWithReturn = text.endsWith("\r");
    const lineEnd = /\r\n|\n|\r/g;
    lineEnd.lastIndex = start;
    for (let end = lineEnd.exec(text); end !== null; end = lineEnd.exec(text)) {
      parts.push(text.slice(start, end.index));
      start = lineEnd.lastIndex;
      yield parts.join("");
      parts = [];
      size = 0;
    }
    if (start === text.length) continue;
    parts.push(text.slice(start));
    size += text.length - start;
    if (size > maxBytes) throw tooBig();
  }
}

const tooBig = () => new Error("an event of the stream is too big");

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}

function eventOf(fields: readonly [string, string][]): ServerEvent {
  const valuesOf = (name: string) => fields.filter(([field]) => field === name).map(([, value]) => value);
  const id = valuesOf("id").findLast((value) => !value.includes("\0"));
  const retry = valuesOf("retry").findLast((value) => /^\d{1,9}$/.test(value));
  return {
    event: valuesOf("event").at(-1) || "message",
    data: valuesOf("data").join("\n"),
    ...(id === undefined ? {} : { id }),
    ...(retry === undefined ? {} : { retryMs: Number(retry) }),
  };
}
