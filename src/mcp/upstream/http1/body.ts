import type { Flow, Reader } from "./answer.ts";
import { TextInPieces } from "./text-in-pieces.ts";

/** So much waits here for its reader; more waits where it comes from. */
const waitingBytes = 256 * 1024;

/** The bytes of one answer between the connection, that brings them, and its reader. */
export class Body {
  readonly #flow: Flow;
  readonly #chunks: Buffer[] = [];
  #reader: Reader | undefined;
  #held = 0;
  #isOver = false;
  #failure: unknown;
  #isPaused = false;
  /** Its reader is being told, or has others wait. */
  #isBusy = false;

  constructor(flow: Flow) {
    this.#flow = flow;
  }

  readBy(reader: Reader): void {
    this.#reader = reader;
    this.handOn();
  }

  push(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#held += bytes.length;
  }

  /** @param failure why it broke off */
  end(failure?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
  }

  letGo(): void {
    if (!this.#isOver) this.#breakOff(new Error("the rest of it was not wanted"));
  }

  #breakOff(why: unknown): void {
    const wasOver = this.#isOver;
    this.#isOver = true;
    this.#failure = why;
    this.#chunks.length = 0;
    this.#held = 0;
    if (!wasOver) this.#flow.unwanted();
    this.handOn();
  }

  /** Tells the reader of what has come. Asked for once all that came together is here, and the connection is free if that was all. */
  handOn(): void {
    const reader = this.#reader;
    if (reader !== undefined && !this.#isBusy) {
      this.#isBusy = true;
      const waited = this.#handTo(reader);
      if (waited === undefined) this.#handed(reader);
      else void this.#goOnAfter(waited);
    }
    const isFull = this.#held > waitingBytes;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    this.#flow.hold(isFull);
  }

  #handTo(reader: Reader): Promise<void> | undefined {
    try {
      for (let chunk = this.#chunks.shift(); chunk !== undefined; chunk = this.#chunks.shift()) {
        this.#held -= chunk.length;
        const waited = reader.take(chunk);
        if (waited !== undefined) return waited;
      }
    } catch (why) {
      this.#breakOff(why);
    }
    return undefined;
  }

  #handed(reader: Reader): void {
    this.#isBusy = false;
    if (!this.#isOver) return;
    this.#reader = undefined;
    reader.over(this.#failure);
  }

  async #goOnAfter(waited: Promise<void>): Promise<void> {
    try {
      await waited;
    } catch (why) {
      this.#breakOff(why);
    }
    this.#isBusy = false;
    this.handOn();
  }
}

/** Reads all of a body, or as much as shows that it is too long. */
export class Whole implements Reader {
  readonly #body: Body;
  readonly #maxBytes: number;
  readonly #told: PromiseWithResolvers<readonly string[] | undefined>;
  readonly #text = new TextInPieces();
  #size = 0;

  constructor(body: Body, maxBytes: number, told: PromiseWithResolvers<readonly string[] | undefined>) {
    this.#body = body;
    this.#maxBytes = maxBytes;
    this.#told = told;
  }

  take(bytes: Buffer): undefined {
    this.#size += bytes.length;
    if (this.#size <= this.#maxBytes) this.#text.add(bytes);
    else this.#body.letGo();
  }

  over(failure: unknown): void {
    if (this.#size > this.#maxBytes) this.#told.resolve(undefined);
    else if (failure !== undefined) this.#told.reject(failure);
    else this.#told.resolve(this.#text.pieces());
  }
}
