const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What is longer is kept as bytes, and as text by nobody. */
const longestText = 64 * 1024;

/** The entries of a list as one JSON text that is ready to be sent: made once, when first asked for, and not for each who asks. */
export class ReadyList {
  readonly #items: readonly { shown: string }[];
  #text: string | undefined;
  #bytes: Uint8Array | undefined;

  constructor(items: readonly { shown: string }[]) {
    this.#items = items;
  }

  /** The bytes of a list that is long; a short one is text. */
  get bytes(): Uint8Array | undefined {
    this.#make();
    return this.#bytes;
  }

  get text(): string {
    this.#make();
    return this.#text ?? decoder.decode(this.#bytes);
  }

  #make(): void {
    if (this.#text !== undefined || this.#bytes !== undefined) return;
    const text = `[${this.#items.map(({ shown }) => shown).join(",")}]`;
    if (text.length <= longestText) this.#text = text;
    else this.#bytes = encoder.encode(text);
  }
}
