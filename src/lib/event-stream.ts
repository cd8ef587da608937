import { shareOfTime } from "./share.ts";

type Beyond = (of: "bytes" | "lines", most: number) => Error;

/** One event of a server-sent event stream; `data` is empty in one that only says where to take up the stream again. */
export type ServerEvent = { event: string; data: string; id?: string; retryMs?: number };

/** Each is kept until the event ends, and takes far more room than what stands in a short one. */
const mostLines = 200_000;
/** A chunk of nothing but empty lines is some ten thousand of them, and nobody would have a turn meanwhile. */
const linesAtOnce = 128;

/** The events of a stream as an iterator, for who reads one by a `Response`. */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  beyond: Beyond,
  share?: number,
): AsyncGenerator<ServerEvent> {
  const read = eventReader(maxBytes, beyond);
  const { began, spent } = shareOfTime(share);
  for await (const chunk of body) {
    await began();
    read.take(chunk);
    for (let next = read.next(); next !== undefined; next = read.next()) {
      if (next !== "more") yield next;
      const turn = spent();
      if (turn !== undefined) await turn;
    }
  }
}

/**
 * Takes a stream chunk by chunk and hands on its events. It answers a promise where it has to be waited for: who takes an event has others wait, or
 * the stream says more than others can bear, and waits after each share of it.
 */
export function eventListener(
  maxBytes: number,
  beyond: Beyond,
  hand: (event: ServerEvent) => Promise<void> | undefined,
  share?: number,
): (chunk: Uint8Array) => Promise<void> | undefined {
  const read = eventReader(maxBytes, beyond);
  const { began, spent } = shareOfTime(share);

  function goOn(): Promise<void> | undefined {
    for (let next = read.next(); next !== undefined; next = read.next()) {
      const waited = (next === "more" ? undefined : hand(next)) ?? spent();
      if (waited !== undefined) return waited.then(goOn);
    }
    return undefined;
  }

  return (chunk) => {
    const rest = began();
    if (rest !== undefined)
      return rest.then(() => {
        read.take(chunk);
        return goOn();
      });
    read.take(chunk);
    return goOn();
  };
}

/**
 * Reads a server-sent event stream (WHATWG HTML §9.2), cut anywhere: the events in it, those without data too when they bear an id or a `retry`.
 * `next` answers undefined when all that was taken is read, and "more" now and then, so that others can have their turn.
 * @param beyond makes the error for an event over `maxBytes`, or of too many lines
 */
function eventReader(maxBytes: number, beyond: Beyond) {
  const decode = streamDecoder();
  let text = "";
  let at = 0;
  /** Where the next return stands, which nearly no stream has. */
  let returnAt = -1;
  let endedWithReturn = false;
  /** The line that has not ended yet, in pieces, and the event that has not. */
  let parts: string[] = [];
  let lines: string[] = [];
  let size = 0;

  function take(chunk: Uint8Array): void {
    text = decode(chunk);
    if (text === "") return;
    at = endedWithReturn && text.startsWith("\n") ? 1 : 0;
    endedWithReturn = text.endsWith("\r");
    returnAt = text.indexOf("\r");
  }

  /** The next line without its end; undefined when it has not ended. */
  function nextLine(): string | undefined {
    const lineFeed = text.indexOf("\n", at);
    if (returnAt >= 0 && returnAt < at) returnAt = text.indexOf("\r", at);
    const isReturn = returnAt >= 0 && (lineFeed < 0 || returnAt < lineFeed);
    const end = isReturn ? returnAt : lineFeed;
    const rest = text.slice(at, end < 0 ? text.length : end);
    const next = end < 0 ? text.length : end + (isReturn && text[end + 1] === "\n" ? 2 : 1);
    size += next - at;
    at = next;
    if (size > maxBytes) throw beyond("bytes", maxBytes);
    if (end < 0) {
      if (rest !== "") parts.push(rest);
      return undefined;
    }
    if (parts.length === 0) return rest;
    const line = parts.join("") + rest;
    parts = [];
    return line;
  }

  function next(): ServerEvent | "more" | undefined {
    for (let count = 0; at < text.length; ) {
      const line = nextLine();
      if (line === undefined) return undefined;
      if (line === "") {
        const event = eventOf(lines);
        lines = [];
        size = 0;
        if (event !== undefined) return event;
      } else if (!line.startsWith(":")) {
        lines.push(line);
        if (lines.length > mostLines) throw beyond("lines", mostLines);
      }
      if (++count === linesAtOnce) return "more";
    }
    return undefined;
  }

  return { take, next };
}

function eventOf(lines: readonly string[]): ServerEvent | undefined {
  if (lines.length === 0) return undefined;
  const event: ServerEvent = { event: "message", data: "" };
  let data: string | undefined;
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "data") data = data === undefined ? value : `${data}\n${value}`;
    else if (name === "event") event.event = value || "message";
    else if (name === "id" && !value.includes("\0")) event.id = value;
    else if (name === "retry" && /^\d{1,9}$/.test(value)) event.retryMs = Number(value);
  }
  event.data = data ?? "";
  return event;
}

/** A decoder is dear to make, and only characters that are cut need one. */
function streamDecoder(): (chunk: Uint8Array) => string {
  let decoder: TextDecoder | undefined;
  let isFirst = true;
  return (chunk) => {
    const endsWhole = (chunk[chunk.length - 1] ?? 0) < 0x80;
    if (decoder === undefined && !endsWhole) decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const text =
      decoder?.decode(chunk, { stream: true }) ?? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString();
    if (!isFirst || text === "") return text;
    isFirst = false;
    return text.startsWith("\ufeff") ? text.slice(1) : text;
  };
}
