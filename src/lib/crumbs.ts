/** What is shorter is put together. */
const short = 16 * 1024;
/** So much of it at most. */
const most = 64 * 1024;

/**
 * A body comes in the chunks that it was sent in, and each of them that is kept costs what hundreds of bytes do: of one that is sent byte by byte
 * these are put together.
 */
export class Crumbs {
  /** The first that waits, as it came: mostly nothing more comes. Others are copied behind it, into `#room`. */
  #first: Uint8Array | undefined;
  #room: Uint8Array | undefined;
  #size = 0;

  /** Answers what waits no longer. */
  add(bytes: Uint8Array): Uint8Array[] {
    if (bytes.length >= short) return [...this.end(), bytes];
    if (bytes.length === 0) return [];
    const whole = this.#size + bytes.length > most ? this.end() : [];
    if (this.#size === 0) this.#first = bytes;
    else this.#put(bytes);
    this.#size += bytes.length;
    return whole;
  }

  #put(bytes: Uint8Array): void {
    this.#room ??= new Uint8Array(most);
    if (this.#first !== undefined) this.#room.set(this.#first);
    this.#first = undefined;
    this.#room.set(bytes, this.#size);
  }

  /** All that waits. It is the caller's from then on, and no larger than it must be. */
  end(): Uint8Array[] {
    if (this.#size === 0) return [];
    const whole = this.#first ?? this.#room?.slice(0, this.#size);
    this.#first = undefined;
    this.#size = 0;
    return whole === undefined ? [] : [whole];
  }
}
