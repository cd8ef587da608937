import { giveBack } from "./given-back.ts";

/** So much is decoded in one go. */
const deskBytes = 256 * 1024;
let desk: Buffer | undefined;

/** The text of a body, which comes in chunks. Megabytes that were decoded in one go would keep everybody waiting, and be copied once more before. */
export class TextInPieces {
  readonly #pieces: string[] = [];
  /** Those that are not decoded yet: little that came in several is put together before, where that costs nothing. */
  readonly #chunks: Buffer[] = [];
  #held = 0;
  /** Dear to make. */
  #decoder: TextDecoder | undefined;

  add(bytes: Buffer): void {
    this.#held += bytes.length;
    this.#chunks.push(bytes);
    if (this.#held > deskBytes) this.#decode();
  }

  /** All of it; one piece where it is short. */
  pieces(): readonly string[] {
    if (this.#decoder === undefined) return [this.#decodedAtOnce()];
    this.#decode();
    const last = this.#decoder.decode();
    return last === "" ? this.#pieces : [...this.#pieces, last];
  }

  #decode(): void {
    this.#decoder ??= new TextDecoder("utf-8", { ignoreBOM: true });
    for (const chunk of this.#chunks) {
      this.#pieces.push(this.#decoder.decode(chunk, { stream: true }));
      giveBack(chunk);
    }
    this.#chunks.length = this.#held = 0;
  }

  #decodedAtOnce(): string {
    const [first] = this.#chunks;
    if (first === undefined) return "";
    let whole = first;
    if (this.#chunks.length > 1) {
      desk ??= Buffer.allocUnsafeSlow(deskBytes);
      let at = 0;
      for (const chunk of this.#chunks) at += chunk.copy(desk, at);
      whole = desk.subarray(0, at);
    }
    const text = whole.toString();
    for (const chunk of this.#chunks) giveBack(chunk);
    return text;
  }
}
