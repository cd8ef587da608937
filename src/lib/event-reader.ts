export type Beyond = (of: "bytes" | "lines", most: number) => Error;

/** One event of a server-sent event stream; `data` is empty in one that only says where to take up the stream again. */
export type ServerEvent = { event: string; data: string; id?: string; retryMs?: number };

/** Each is kept until the event ends, and takes far more room than what stands in a short one. */
const mostLines = 200_000;
/** A chunk of nothing but empty lines is some ten thousand of them, and nobody would have a turn meanwhile. */
const linesAtOnce = 128;

/**
 * Reads a server-sent event stream (WHATWG HTML §9.2), cut anywhere: the events in it, those without data too when they bear an id or a `retry`.
 */
export class EventReader {
  readonly #maxBytes: number;
  readonly #beyond: Beyond;
  /** Dear to make, and only characters that are cut need one. */
  #decoder: TextDecoder | undefined;
  #isFirst = true;
  #text = "";
  #at = 0;
  /** Where the next return stands, which nearly no stream has. */
  #returnAt = -1;
  #endedWithReturn = false;
  /** The line that has not ended yet. */
  #begun = "";
  /** Of the event that has not: how long it is so far, how many lines it has, and what they say. */
  #size = 0;
  #lines = 0;
  #event = "message";
  #data: string | undefined;
  #id: string | undefined;
  #retryMs: number | undefined;

  /** @param beyond makes the error for an event over `maxBytes`, or of too many lines */
  constructor(maxBytes: number, beyond: Beyond) {
    this.#maxBytes = maxBytes;
    this.#beyond = beyond;
  }

  take(chunk: Uint8Array): void {
    const text = this.#decoded(chunk);
    this.#text = text;
    this.#at = this.#endedWithReturn && text.startsWith("\n") ? 1 : 0;
    if (text === "") return;
    this.#endedWithReturn = text.endsWith("\r");
    this.#returnAt = text.indexOf("\r");
  }

  #decoded(chunk: Uint8Array): string {
    const endsWhole = (chunk[chunk.length - 1] ?? 0) < 0x80;
    if (this.#decoder === undefined && !endsWhole) this.#decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const text = this.#decoder?.decode(chunk, { stream: true }) ?? bufferOf(chunk).toString();
    if (!this.#isFirst || text === "") return text;
    this.#isFirst = false;
    return text.startsWith("\ufeff") ? text.slice(1) : text;
  }

  /** Undefined when all that was taken is read, and "more" now and then, so that others can have their turn. */
  next(): ServerEvent | "more" | undefined {
    for (let count = 0; this.#at < this.#text.length; ) {
      const from = this.#at;
      const end = this.#endOfLine();
      if (this.#size > this.#maxBytes) throw this.#beyond("bytes", this.#maxBytes);
      if (end < 0) {
        this.#begun += this.#text.slice(from);
        return undefined;
      }
      const event = this.#begun === "" ? this.#line(this.#text, from, end) : this.#cutLine(from, end);
      if (event !== undefined) return event;
      if (++count === linesAtOnce) return "more";
    }
    return undefined;
  }

  /** Goes on behind the next line; -1 when it has not ended. */
  #endOfLine(): number {
    const text = this.#text;
    const at = this.#at;
    const lineFeed = text.indexOf("\n", at);
    if (this.#returnAt >= 0 && this.#returnAt < at) this.#returnAt = text.indexOf("\r", at);
    const isReturn = this.#returnAt >= 0 && (lineFeed < 0 || this.#returnAt < lineFeed);
    const end = isReturn ? this.#returnAt : lineFeed;
    const next = end < 0 ? text.length : end + (isReturn && text[end + 1] === "\n" ? 2 : 1);
    this.#size += next - at;
    this.#at = next;
    return end;
  }

  #cutLine(from: number, end: number): ServerEvent | undefined {
    const line = this.#begun + this.#text.slice(from, end);
    this.#begun = "";
    return this.#line(line, 0, line.length);
  }

  /** Takes one line of the event, whose end answers what it was. */
  #line(text: string, from: number, end: number): ServerEvent | undefined {
    if (from === end) return this.#ended();
    if (text.startsWith(":", from)) return undefined;
    if (++this.#lines > mostLines) throw this.#beyond("lines", mostLines);
    const nameEnd = endOfName(text, from, end);
    const start = nameEnd + (text.startsWith(": ", nameEnd) ? 2 : 1);
    if (isName("data", text, from, nameEnd)) {
      const value = text.slice(start, end);
      this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    } else if (isName("event", text, from, nameEnd)) this.#event = text.slice(start, end) || "message";
    else if (isName("id", text, from, nameEnd)) this.#idIs(text.slice(start, end));
    else if (isName("retry", text, from, nameEnd)) this.#retryIs(text.slice(start, end));
    return undefined;
  }

  #idIs(id: string): void {
    if (!id.includes("\0")) this.#id = id;
  }

  #retryIs(retry: string): void {
    if (/^\d{1,9}$/.test(retry)) this.#retryMs = Number(retry);
  }

  #ended(): ServerEvent | undefined {
    const isEmpty = this.#lines === 0;
    const event: ServerEvent = { event: this.#event, data: this.#data ?? "" };
    if (this.#id !== undefined) event.id = this.#id;
    if (this.#retryMs !== undefined) event.retryMs = this.#retryMs;
    this.#size = this.#lines = 0;
    this.#event = "message";
    this.#data = this.#id = this.#retryMs = undefined;
    return isEmpty ? undefined : event;
  }
}

/** Where the colon stands, or the end of a line that has none; what comes behind the line is not searched. */
function endOfName(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && text.charCodeAt(at) !== 0x3a) at++;
  return at;
}

const isName = (name: string, text: string, from: number, end: number): boolean =>
  end - from === name.length && text.startsWith(name, from);

const bufferOf = (chunk: Uint8Array): Buffer =>
  chunk instanceof Buffer ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
