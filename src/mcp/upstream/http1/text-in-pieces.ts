import { Crumbs } from "../../../lib/crumbs.ts";
import { giveBack } from "./given-back.ts";

/** So much is decoded in one go. */
const deskBytes = 256 * 1024;
let desk: Buffer | undefined;
/** So many chunks are kept as they came; what a body takes that is sent byte by byte is put together. */
const few = 16;

/** The text of a body, which comes in chunks. Megabytes that were decoded in one go would keep everybody waiting, and be copied once more before. */
export class TextInPieces {
  readonly #pieces: string[] = [];
  /** Those that are not decoded yet: little that came in several is put together before, where that costs nothing. */
  readonly #chunks: Uint8Array[] = [];
  #held = 0;
  /** Of a body that comes in more of them. */
  #crumbs: Crumbs | undefined;
  /** Dear to make. */
  #decoder: TextDecoder | undefined;

  add(bytes: Buffer): void {
    this.#held += bytes.length;
    if (this.#crumbs === undefined && this.#chunks.length < few) this.#chunks.push(bytes);
    else {
      this.#crumbs ??= new Crumbs();
      this.#chunks.push(...this.#crumbs.add(bytes));
    }
    if (this.#held > deskBytes) this.#decode();
  }

  /** All of it; one piece where it is short. */
  pieces(): readonly string[] {
    if (this.#decoder === undefined) return [this.#decodedAtOnce()];
    this.#decode();
    const last = this.#decoder.decode();
    return last === "" ? this.#pieces : [...this.#pieces, last];
  }

  /** All that was held. */
  #taken(): Uint8Array[] {
    this.#chunks.push(...(this.#crumbs?.end() ?? []));
    this.#held = 0;
    return this.#chunks.splice(0);
  }

  #decode(): void {
    this.#decoder ??= new TextDecoder("utf-8", { ignoreBOM: true });
    for (const chunk of this.#taken()) {
      this.#pieces.push(this.#decoder.decode(chunk, { stream: true }));
      giveBack(chunk);
    }
  }

  #decodedAtOnce(): string {
    const chunks = this.#taken();
    const [first] = chunks;
    if (first === undefined) return "";
    let whole = first;
    if (chunks.length > 1) {
      desk ??= Buffer.allocUnsafeSlow(deskBytes);
      let at = 0;
      for (const chunk of chunks) {
        desk.set(chunk, at);
        at += chunk.length;
      }
      whole = desk.subarray(0, at);
    }
    const text = Buffer.from(whole.buffer, whole.byteOffset, whole.length).toString();
    for (const chunk of chunks) giveBack(chunk);
    return text;
  }
}
