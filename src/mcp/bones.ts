import { type Piece, textOf } from "../lib/pieces.ts";
import { longString } from "./lexemes.ts";

/** A message that is no longer, in bytes, is made a text of at once. */
export const longMessage = 256 * 1024;

/** A long string, without its quotes: where it stands in the bones, and the bytes that it came in. */
type Left = { readonly at: number; readonly pieces: readonly Uint8Array[] };

/**
 * A message that is too long to be made a text of: what is copied by megabytes keeps everybody waiting. `text` is JSON exactly when the message is,
 * with the same structure and on one line; strings within what a member of it holds are empty there when they are long and valid beyond doubt.
 */
export class Bones {
  readonly text: string;
  readonly left: readonly Left[];

  constructor(text: string, left: readonly Left[]) {
    this.text = text;
    this.left = left;
  }

  /** From here to there in `text`, with all that was left out. */
  pieces(start: number, end: number): Piece[] {
    const pieces: Piece[] = [];
    let from = start;
    for (const { at, pieces: inside } of this.left) {
      if (at <= start || at >= end) continue;
      pieces.push(this.text.slice(from, at));
      // There may be more of them than a call has arguments.
      for (const piece of inside) pieces.push(piece);
      from = at;
    }
    pieces.push(this.text.slice(from, end));
    return pieces;
  }

  whole(): string {
    return textOf(this.pieces(0, this.text.length));
  }
}

/** Only what stands deeper is left out: by the members of a message and of its parameters it is judged. */
const shallow = 2;

/** A string that is long enough to be left out: all but a key are. */
type Long = { readonly pieces: readonly Uint8Array[]; isKey: boolean };

/** Reads a message as it comes, once. Its bytes are UTF-8, and belong to it from then on. */
export class Boning {
  readonly #parts: (Uint8Array | Long)[] = [];
  #depth = 0;
  #isWithin = false;
  /** Of the string that is read: what came of it in earlier pieces, whether it is valid, and how much of an escape is to come. */
  #string: Uint8Array[] = [];
  #isValid = true;
  #escape = 0;
  /** The last one that was left out, until it is known whether it was a key. */
  #last: Long | undefined;

  add(bytes: Uint8Array): void {
    let kept = 0;
    let start = 0;
    for (let i = 0; i < bytes.length; i++) {
      if (this.#isWithin) {
        i = this.#endOf(bytes, i);
        if (i === bytes.length) break;
        this.#isWithin = false;
        kept = this.#take(bytes, kept, start, i);
        continue;
      }
      const code = bytes[i] ?? 0;
      if (code <= 0x20) {
        // A line ends a message on stdio: a message over several lines would there be several, and one of them what nobody judged.
        if (code === lineFeed || code === carriageReturn) bytes[i] = 0x20;
        continue;
      }
      if (code === quote) {
        this.#isWithin = true;
        this.#isValid = true;
        start = i + 1;
      } else if (code === openBrace || code === openBracket) this.#depth++;
      else if (code === closeBrace || code === closeBracket) this.#depth--;
      else if (code === colon && this.#last !== undefined) this.#last.isKey = true;
      this.#last = undefined;
    }
    if (this.#isWithin) {
      if (start > kept) this.#parts.push(bytes.subarray(kept, start));
      this.#string.push(bytes.subarray(start));
    } else if (bytes.length > kept) this.#parts.push(bytes.subarray(kept));
  }

  /** Where it is closed, or where these bytes end. */
  #endOf(bytes: Uint8Array, from: number): number {
    let open = this.#escape;
    let isValid = this.#isValid;
    let i = from;
    for (; i < bytes.length; i++) {
      const code = bytes[i] ?? 0;
      if (open > 0) {
        const isDigit = open < behindBackslash;
        const isFit = isDigit ? isHex(code) : escapable.has(code);
        open = !isFit ? 0 : isDigit ? open - 1 : code === letterU ? hexDigits : 0;
        if (isFit) continue;
        isValid = false;
        if (!isDigit) continue;
      }
      if (code === quote) break;
      if (code === backslash) open = behindBackslash;
      else if (code < 0x20) isValid = false;
    }
    this.#escape = open;
    this.#isValid = isValid;
    return i;
  }

  /** A string is over. Answers from where on these bytes are not kept yet. */
  #take(bytes: Uint8Array, kept: number, start: number, end: number): number {
    const earlier = this.#string;
    let size = end - start;
    for (const { length } of earlier) size += length;
    if (size > longString && this.#isValid && this.#depth > shallow) {
      if (start > kept) this.#parts.push(bytes.subarray(kept, start));
      this.#last = { pieces: [...earlier, bytes.subarray(start, end)], isKey: false };
      this.#parts.push(this.#last);
      this.#string = [];
      return end;
    }
    if (earlier.length === 0) return kept;
    for (const bytes of earlier) this.#parts.push(bytes);
    this.#string = [];
    return kept;
  }

  /** In steps, for where little was left out. */
  *bones(): Generator<void, Bones> {
    const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
    const left: Left[] = [];
    let text = "";
    for (const part of [...this.#parts, ...this.#string]) {
      if (part instanceof Uint8Array) text += utf8.decode(part, { stream: true });
      else if (part.isKey) for (const bytes of part.pieces) text += utf8.decode(bytes, { stream: true });
      else left.push({ at: text.length, pieces: part.pieces });
      yield;
    }
    return new Bones(text, left);
  }
}

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const letterU = 0x75;

const hexDigits = 4;
const behindBackslash = hexDigits + 1;
const escapable: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrtu'));
const isHex = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
