import { shareOfTime } from "./share.ts";

type Beyond = (of: "bytes" | "lines", most: number) => Error;

/** One event of a server-sent event stream; `data` is empty in one that only says where to take up the stream again. */
export type ServerEvent = { event: string; data: string; id?: string; retryMs?: number };

/**
 * The events of a server-sent event stream (WHATWG HTML §9.2), those without data too when they bear an id or a `retry`. A
 * stream that says more than others can bear waits after each share of it.
 * @param beyond makes the error for an event over `maxBytes`, or of too many lines
 */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  beyond: Beyond,
  share?: number,
): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  const read = eventReader(maxBytes, beyond);
  const { began, spent } = shareOfTime(share);
  for await (const chunk of body) {
    await began();
    const text = decoder.decode(chunk, { stream: true });
    // A chunk of nothing but empty lines is some ten thousand of them, and nobody would have a turn meanwhile.
    for (let at = 0; at < text.length; at += pieceLength) {
      for (const event of read(text.slice(at, at + pieceLength))) {
        yield event;
        const turn = spent();
        if (turn !== undefined) await turn;
      }
      const turn = spent();
      if (turn !== undefined) await turn;
    }
  }
}

const pieceLength = 4 * 1024;
/** Each is kept until the event ends, and takes far more room than what stands in a short one. */
const mostLines = 200_000;

/** Takes the stream piece by piece, cut anywhere; answers the events that are complete with this piece. */
function eventReader(maxBytes: number, beyond: Beyond): (text: string) => ServerEvent[] {
  /** The line that has not ended yet, in pieces, and the event that has not. */
  let parts: string[] = [];
  let lines: string[] = [];
  let size = 0;
  let endedWithReturn = false;

  return (text) => {
    if (text === "") return [];
    const events: ServerEvent[] = [];
    let start = endedWithReturn && text.startsWith("\n") ? 1 : 0;
    endedWithReturn = text.endsWith("\r");
    const lineEnd = /\r\n|\n|\r/g;
    lineEnd.lastIndex = start;
    for (let end = lineEnd.exec(text); end !== null; end = lineEnd.exec(text)) {
      parts.push(text.slice(start, end.index));
      size += lineEnd.lastIndex - start;
      start = lineEnd.lastIndex;
      const line = parts.join("");
      parts = [];
      if (line.startsWith(":") && size <= maxBytes) continue;
      if (line !== "") lines.push(line);
      else {
        const event = eventOf(lines);
        if (event !== undefined) events.push(event);
        lines = [];
        size = 0;
      }
      if (lines.length > mostLines) throw beyond("lines", mostLines);
      if (size > maxBytes) break;
    }
    parts.push(text.slice(start));
    size += text.length - start;
    if (size > maxBytes) throw beyond("bytes", maxBytes);
    return events;
  };
}

function eventOf(lines: readonly string[]): ServerEvent | undefined {
  const found: { event?: string; id?: string; retryMs?: number } = {};
  const data: string[] = [];
  let isEmpty = true;
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    isEmpty = false;
    if (name === "data") data.push(value);
    else if (name === "event") found.event = value;
    else if (name === "id" && !value.includes("\0")) found.id = value;
    else if (name === "retry" && /^\d{1,9}$/.test(value)) found.retryMs = Number(value);
  }
  return isEmpty ? undefined : { ...found, event: found.event || "message", data: data.join("\n") };
}
