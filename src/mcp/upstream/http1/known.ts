import { type Framing, type Head, heeded, isKept, most } from "./head.ts";

/** Longer ones are read each time. */
const longest = 4 * 1024;
const mostDigits = 15;
const field = /\r\n([^:\r\n]+):[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)/g;

/** A value that may be another: where it begins and ends. */
type Gap = { from: number; to: number; isLength: boolean };

/**
 * A head that was read, and by which the next is known: a server says the same each time, but for the date, how long the body is, and what is
 * nothing to us. Such a one is compared with it byte by byte, and none is taken for the same that would be read otherwise.
 */
export class KnownHead {
  readonly head: Head;
  readonly isKept: boolean;
  readonly #bytes: Buffer;
  readonly #gaps: readonly Gap[];
  /** Of the last that was the same: what becomes of the bytes behind it, and where they begin. */
  framing: Framing;
  end = 0;

  /** @param text a head that was found good, without the empty line that ends it */
  constructor(head: Head, framing: Framing, text: string) {
    this.head = head;
    this.isKept = isKept(head, framing);
    this.framing = framing;
    this.#bytes = Buffer.from(`${text}\r\n\r\n`, "latin1");
    this.#gaps = gapsIn(`${text}\r\n\r\n`);
  }

  /** Whether it is worth the while. Where there may be no body, a length means something else. */
  static isFit = (head: Head, framing: Framing, text: string): boolean =>
    head.status === 200 && framing !== "close" && text.length <= longest;

  isAt(bytes: Buffer, at: number): boolean {
    const known = this.#bytes;
    let place = at;
    let from = 0;
    for (let index = 0; index <= this.#gaps.length; index++) {
      const gap = this.#gaps[index];
      for (const to = gap?.from ?? known.length; from < to; from++, place++)
        if (bytes[place] !== known[from]) return false;
      if (gap === undefined) break;
      place = gap.isLength ? this.#length(bytes, place) : endOfVisible(bytes, place);
      if (place < 0) return false;
      from = gap.to;
    }
    this.end = place;
    return place - at <= most.headBytes;
  }

  /** Behind its digits; -1 when there are none, or too many. */
  #length(bytes: Buffer, at: number): number {
    let place = at;
    let length = 0;
    for (let digit = digitAt(bytes, place); digit >= 0; digit = digitAt(bytes, ++place)) length = length * 10 + digit;
    this.framing = length;
    return place === at || place - at > mostDigits ? -1 : place;
  }
}

function gapsIn(text: string): readonly Gap[] {
  const gaps: Gap[] = [];
  for (const { 0: line, 1: written = "", 2: value = "", index } of text.matchAll(field)) {
    const name = written.toLowerCase();
    const from = index + line.lastIndexOf(value);
    if (!heeded.has(name)) gaps.push({ from, to: from + value.length, isLength: name === "content-length" });
  }
  return gaps;
}

function digitAt(bytes: Buffer, at: number): number {
  const digit = (bytes[at] ?? 0) - 0x30;
  return digit <= 9 ? digit : -1;
}

function endOfVisible(bytes: Buffer, from: number): number {
  let at = from;
  for (let byte = bytes[at] ?? 0; byte >= 0x20 && byte <= 0x7e; byte = bytes[at] ?? 0) at++;
  return at;
}
