import { demandField, type Framing, framingOf, type Head, headFrom, isKept, Malformed, most } from "./head.ts";
import { KnownHead } from "./known.ts";

/** Who is told of an answer as it comes. The bytes are only lent where they are not kept. */
export type Listener = {
  onHead: (head: Head, framing: Framing) => void;
  /** Head and body of an answer that came in one piece, in place of the other three: the body begins at `from`. */
  onWhole: (head: Head, bytes: Buffer, from: number, isKept: boolean) => void;
  onBody: (bytes: Buffer) => void;
  /** It is whole. `isKept`: the connection is good for another. */
  onEnd: (isKept: boolean) => void;
};

const version = "HTTP/1.";
const lineBytes = 4 * 1024;
const trailerBytes = 16 * 1024;
/** Answers before the answer (1xx). */
const mostInterim = 16;

type State = "head" | "body" | "size" | "chunk" | "chunkEnd" | "trailers" | "untilClose" | "over";

/**
 * Reads answers of HTTP/1.1 from bytes, cut anywhere: a state machine, which knows nothing of sockets. What it throws ends the connection.
 */
export class Parser {
  readonly #listener: Listener;
  /** Nothing has been asked for yet, and nothing may come. */
  #state: State = "over";
  /** Of a head, a line or trailers that have not ended yet. */
  #pending: Buffer | undefined;
  #left = 0;
  #interim = 0;
  #isKept = false;
  /** How the last answer began. */
  #known: KnownHead | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** A request goes out: an answer may come. */
  expect(): void {
    this.#state = "head";
    this.#interim = 0;
  }

  /** @throws Malformed */
  feed(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) at = this.#step(bytes, at);
  }

  /** The other side says nothing more. @throws Malformed when it had not come to an end */
  finish(): void {
    if (this.#state === "untilClose") this.#over();
    else if (this.#state !== "over") throw new Malformed("it ended in the middle");
  }

  /** Reads on from `at`; answers how far it came. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case "head":
        return this.#head(bytes, at);
      case "body":
      case "chunk":
        return this.#counted(bytes, at);
      case "size":
        return this.#size(bytes, at);
      case "chunkEnd":
        return this.#chunkEnd(bytes, at);
      case "trailers":
        return this.#trailers(bytes, at);
      case "untilClose":
        this.#listener.onBody(at === 0 ? bytes : bytes.subarray(at));
        return bytes.length;
      case "over":
        throw new Malformed("more than an answer");
    }
  }

  #head(bytes: Buffer, at: number): number {
    const known = this.#known;
    if (this.#pending === undefined && known?.isAt(bytes, at) === true) {
      this.#isKept = known.isKept;
      return this.#begin(known.head, known.framing, bytes, known.end);
    }
    const text = this.#upTo("\r\n\r\n", bytes, at, most.headBytes);
    if (text === undefined) {
      const start = this.#pending?.toString("latin1", 0, version.length) ?? "";
      if (!version.startsWith(start)) throw new Malformed("no HTTP/1");
      return bytes.length;
    }
    const end = this.#end;
    const head = headFrom(text);
    if (head.status < 200) {
      if (head.status === 101 || ++this.#interim > mostInterim) throw new Malformed("an answer before the answer");
      return end;
    }
    const framing = framingOf(head);
    this.#isKept = isKept(head, framing);
    if (KnownHead.isFit(head, framing, text)) this.#known = new KnownHead(head, framing, text);
    return this.#begin(head, framing, bytes, end);
  }

  /** The body begins at `end`. */
  #begin(head: Head, framing: Framing, bytes: Buffer, end: number): number {
    if (typeof framing === "number" && end + framing === bytes.length) {
      this.#state = "over";
      this.#listener.onWhole(head, bytes, end, this.#isKept);
      return bytes.length;
    }
    this.#state = framing === "chunked" ? "size" : framing === "close" ? "untilClose" : "body";
    this.#left = typeof framing === "number" ? framing : 0;
    this.#listener.onHead(head, framing);
    if (framing === 0) this.#over();
    return end;
  }

  #counted(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    this.#listener.onBody(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.#left > 0) return end;
    if (this.#state === "body") this.#over();
    else this.#state = "chunkEnd";
    return end;
  }

  #size(bytes: Buffer, at: number): number {
    const line = this.#upTo("\r\n", bytes, at, lineBytes);
    if (line === undefined) return bytes.length;
    const [, digits] = /^([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\0\r\n]*)?$/.exec(line) ?? [];
    if (digits === undefined) throw new Malformed("a chunk without a size");
    this.#left = Number.parseInt(digits, 16);
    this.#state = this.#left === 0 ? "trailers" : "chunk";
    return this.#end;
  }

  #chunkEnd(bytes: Buffer, at: number): number {
    const line = this.#upTo("\r\n", bytes, at, 2);
    if (line === undefined) return bytes.length;
    if (line !== "") throw new Malformed("a chunk that is longer than it says");
    this.#state = "size";
    return this.#end;
  }

  /** Fields behind the body. They are read, since the next answer begins behind them, and mean nothing. */
  #trailers(bytes: Buffer, at: number): number {
    const line = this.#upTo("\r\n", bytes, at, trailerBytes);
    if (line === undefined) return bytes.length;
    if (line === "") this.#over();
    else {
      demandField(line);
      this.#left += line.length + 2;
      if (this.#left > trailerBytes) throw new Malformed("endless trailers");
    }
    return this.#end;
  }

  #over(): void {
    this.#state = "over";
    this.#listener.onEnd(this.#isKept);
  }

  /** Where what `#upTo` answered has ended, its mark included. */
  #end = 0;

  /** The text before a mark, or undefined when that has not come yet. @throws Malformed when there is more of it than `limit` */
  #upTo(mark: string, bytes: Buffer, at: number, limit: number): string | undefined {
    const before = this.#pending;
    // The mark itself may be cut.
    const whole = before === undefined ? bytes : Buffer.concat([before, bytes.subarray(at)]);
    const from = before === undefined ? at : 0;
    const seen = before === undefined ? from : Math.max(0, before.length - mark.length + 1);
    const found = whole.indexOf(mark, seen, "latin1");
    if ((found < 0 ? whole.length : found + mark.length) - from > limit) throw new Malformed("endless lines");
    if (found < 0) {
      this.#pending = from === 0 ? whole : whole.subarray(from);
      // It would be waited for in vain.
      if (hasBareEnd(this.#pending, seen - from)) throw new Malformed("a line that ends otherwise");
      return undefined;
    }
    this.#pending = undefined;
    this.#end = found + mark.length - (before === undefined ? 0 : before.length - at);
    return whole.toString("latin1", from, found);
  }
}

function hasBareEnd(bytes: Buffer, from: number): boolean {
  for (let at = bytes.indexOf(10, from); at >= 0; at = bytes.indexOf(10, at + 1)) if (bytes[at - 1] !== 13) return true;
  return false;
}
