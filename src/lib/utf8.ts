import { isUtf8 } from "node:buffer";

const none = Buffer.alloc(0);
/** Of one character. */
const mostBytes = 4;

/** Whether bytes that come in pieces are UTF-8, without making a text of them. */
export class Utf8 {
  /** Of a character that the last piece has the beginning of. */
  #begun: Buffer = none;

  /** Answers false once they are not. */
  add(bytes: Uint8Array): boolean {
    let from = 0;
    if (this.#begun.length > 0) {
      while (from < bytes.length && from < mostBytes && isWithin(bytes[from])) from++;
      const character = Buffer.concat([this.#begun, bytes.subarray(0, from)]);
      const isOpen = from === bytes.length && character.length < mostBytes && !isUtf8(character);
      this.#begun = isOpen ? character : none;
      if (isOpen) return true;
      if (!isUtf8(character)) return false;
    }
    const to = bytes.length - begun(bytes, from);
    if (to < bytes.length) this.#begun = Buffer.from(bytes.subarray(to));
    return isUtf8(bytes.subarray(from, to));
  }

  /** Whether nothing is missing. */
  end(): boolean {
    return this.#begun.length === 0;
  }
}

const isWithin = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** How many bytes at the end belong to a character that goes on behind them. */
function begun(bytes: Uint8Array, from: number): number {
  for (let count = 1; count < mostBytes && bytes.length - count >= from; count++) {
    const byte = bytes[bytes.length - count] ?? 0;
    if (!isWithin(byte)) return sizeBy(byte) > count ? count : 0;
  }
  return 0;
}

const sizeBy = (first: number): number => (first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1);
