import type { Ending } from "../../../lib/ending.ts";
import type { Answer, Flow, Receive } from "./answer.ts";
import { Body } from "./body.ts";
import { type Framing, fieldOf, type Head } from "./head.ts";
import { inflated } from "./inflate.ts";

/** One request that was sent, and what has come of its answer. */
export class Exchange {
  readonly answer: Promise<Answer>;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #stopListening: () => void;
  #body: Body | undefined;

  constructor(ending: Ending, letGo: (reason: unknown) => void) {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#stopListening = ending.onEnd(letGo);
  }

  get hasHead(): boolean {
    return this.#body !== undefined;
  }

  begin(head: Head, framing: Framing, flow: Flow): void {
    this.#body = new Body(flow, typeof framing === "number" ? framing : undefined);
    this.#resolve(inflated(new Received(head, this.#body)));
  }

  push(bytes: Buffer): void {
    this.#body?.push(bytes);
  }

  end(): void {
    this.#stopListening();
    this.#body?.end();
  }

  fail(error: unknown): void {
    this.#stopListening();
    if (this.#body === undefined) this.#reject(error);
    else this.#body.end(error instanceof Error ? error : new Error("the answer broke off"));
  }
}

class Received implements Answer {
  readonly #head: Head;
  readonly #body: Body;

  constructor(head: Head, body: Body) {
    this.#head = head;
    this.#body = body;
  }

  get status(): number {
    return this.#head.status;
  }

  header(name: string): string | undefined {
    return fieldOf(this.#head, name);
  }

  text(maxBytes: number): Promise<string | undefined> {
    return this.#body.text(maxBytes);
  }

  each(receive: Receive): Promise<void> {
    return this.#body.each(receive);
  }

  readonly letGo = () => this.#body.letGo();
}
