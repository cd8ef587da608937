import type { Flow, Receive } from "./answer.ts";

/** So much waits here for its reader; more waits where it comes from. */
const waitingBytes = 256 * 1024;

/** The bytes of one answer between the connection, that brings them, and its reader. */
export class Body {
  readonly #flow: Flow;
  readonly #length: number | undefined;
  #chunks: Buffer[] = [];
  #held = 0;
  #isOver = false;
  #failure: Error | undefined;
  #isPaused = false;
  /** Told that something has happened. */
  #reader: (() => void) | undefined;
  /** So many bytes are wanted at once, and nothing is paused before. */
  #wanted = waitingBytes;
  /** There when it is read as a text, which is decoded as it comes. */
  #text: TextInPieces | undefined;

  constructor(flow: Flow, length: number | undefined) {
    this.#flow = flow;
    this.#length = length;
  }

  push(bytes: Buffer): void {
    if (this.#text === undefined) this.#chunks.push(bytes);
    else this.#text.add(bytes);
    this.#held += bytes.length;
    this.#reader?.();
    if (this.#held <= this.#wanted || this.#isPaused) return;
    this.#isPaused = true;
    this.#flow.hold(true);
  }

  /** @param failure why it broke off */
  end(failure?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#reader?.();
  }

  letGo(): void {
    if (this.#isOver) return;
    this.end(new Error("the rest of it was not wanted"));
    this.#chunks = [];
    this.#text = undefined;
    this.#flow.unwanted();
  }

  async text(maxBytes: number): Promise<string | undefined> {
    if ((this.#length ?? 0) <= maxBytes) {
      this.#wanted = maxBytes;
      if (!this.#isOver) {
        this.#decode();
        await this.#until(() => this.#isOver || this.#held > maxBytes);
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#held <= maxBytes) return this.#text?.whole() ?? textOf(this.#taken());
    }
    this.letGo();
    return undefined;
  }

  async each(receive: Receive): Promise<void> {
    try {
      for (;;) {
        for (const chunk of this.#taken()) {
          const waited = receive(chunk);
          if (waited !== undefined) await waited;
        }
        if (this.#held > 0) continue;
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#isOver) return;
        await this.#until(() => this.#held > 0 || this.#isOver);
      }
    } finally {
      this.letGo();
    }
  }

  #decode(): void {
    this.#text = new TextInPieces();
    for (const chunk of this.#chunks) this.#text.add(chunk);
    this.#chunks = [];
  }

  /** What has come since the last time; then there is room again. */
  #taken(): readonly Buffer[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#held = 0;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#flow.hold(false);
    }
    return chunks;
  }

  #until(isSo: () => boolean): Promise<void> {
    if (this.#isPaused && this.#held <= this.#wanted) {
      this.#isPaused = false;
      this.#flow.hold(false);
    }
    return new Promise((resolve) => {
      if (isSo()) return resolve();
      this.#reader = () => {
        if (!isSo()) return;
        this.#reader = undefined;
        resolve();
      };
    });
  }
}

/** Decoded in one go: a character that is cut by chunks is whole again, and plain ASCII costs a copy. */
function textOf(chunks: readonly Buffer[]): string {
  const [first] = chunks;
  if (first === undefined) return "";
  return chunks.length === 1 ? first.toString() : Buffer.concat(chunks).toString();
}

/** Megabytes that were decoded in one go would keep everybody waiting, and be copied once more before. */
class TextInPieces {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #pieces: string[] = [];

  add(bytes: Buffer): void {
    this.#pieces.push(this.#decoder.decode(bytes, { stream: true }));
  }

  whole(): string {
    const last = this.#decoder.decode();
    if (last !== "") this.#pieces.push(last);
    return this.#pieces.length === 1 ? (this.#pieces[0] ?? "") : this.#pieces.join("");
  }
}
