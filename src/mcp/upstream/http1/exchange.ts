import type { Ending } from "../../../lib/ending.ts";
import { unreachedBy } from "../reasons.ts";
import type { Answer, Asker, Flow, Reader } from "./answer.ts";
import { Body, Whole } from "./body.ts";
import { giveBack } from "./given-back.ts";
import { type FieldName, type Framing, fieldOf, type Head } from "./head.ts";
import { inflated } from "./inflate.ts";

/** What an exchange can ask of its connection. */
export type Line = { hold: (isPaused: boolean) => void; close: (why: unknown) => void };

/** Nobody has an answer before it has begun. */
const noHead: Head = { status: 0, isOld: false, fields: [] };
const nothing = Promise.resolve(undefined);

/** One request that was sent, and its answer as it comes. Once that is over the connection is none of its business any more. */
export class Exchange implements Answer, Flow {
  readonly #asker: Asker;
  readonly #ending: Ending;
  #line: Line | undefined;
  #body: Body | undefined;
  /** What it says at least. */
  #length = 0;
  #head: Head = noHead;
  /** There when all of the body came with the head: behind `#from`. */
  #whole: Buffer | undefined;
  #from = 0;

  constructor(line: Line, ending: Ending, asker: Asker) {
    this.#line = line;
    this.#asker = asker;
    this.#ending = ending;
    ending.add(this);
  }

  /** Nobody waits for it any more. */
  ended(reason: unknown): void {
    this.#line?.close(reason);
  }

  get hasBegun(): boolean {
    return this.#body !== undefined;
  }

  begin(head: Head, framing: Framing): void {
    this.#head = head;
    this.#body = new Body(this);
    this.#length = typeof framing === "number" ? framing : 0;
    this.#asker.answered(inflated(this));
  }

  /** Begins and ends at once. */
  complete(head: Head, bytes: Buffer, from: number): void {
    this.#over();
    this.#head = head;
    this.#whole = bytes;
    this.#from = from;
    this.#asker.answered(inflated(this));
  }

  push(bytes: Buffer): void {
    this.#body?.push(bytes);
  }

  end(): void {
    this.#over();
    this.#body?.end();
  }

  fail(error: unknown): void {
    this.#over();
    if (this.#body === undefined) this.#asker.failed(unreachedBy(error));
    else this.#body.end(error ?? new Error("the answer broke off"));
    this.handOn();
  }

  /** Nothing more has come together with what was pushed. */
  handOn(): void {
    this.#body?.handOn();
  }

  #over(): void {
    this.#line = undefined;
    this.#ending.remove(this);
  }

  hold(isPaused: boolean): void {
    this.#line?.hold(isPaused);
  }

  unwanted(): void {
    this.#line?.close(new Error("the rest of it was not wanted"));
  }

  get status(): number {
    return this.#head.status;
  }

  header(name: FieldName): string | undefined {
    return fieldOf(this.#head, name);
  }

  atOnce(maxBytes: number): string | undefined {
    const whole = this.#whole;
    if (whole === undefined || whole.length - this.#from > maxBytes) return undefined;
    const text = whole.toString("utf8", this.#from);
    this.#whole = undefined;
    giveBack(whole);
    return text;
  }

  async text(maxBytes: number): Promise<string | undefined> {
    return (await this.pieces(maxBytes))?.join("");
  }

  pieces(maxBytes: number): Promise<readonly string[] | undefined> {
    const body = this.#begun();
    if (this.#length > maxBytes) this.letGo();
    if (body === undefined || this.#length > maxBytes) return nothing;
    const told = Promise.withResolvers<readonly string[] | undefined>();
    body.readBy(new Whole(body, maxBytes, told));
    return told.promise;
  }

  read(reader: Reader): void {
    this.#begun()?.readBy(reader);
  }

  #begun(): Body | undefined {
    if (this.#body !== undefined || this.#whole === undefined) return this.#body;
    const bytes = this.#whole.subarray(this.#from);
    this.#body = new Body(this);
    this.#length = bytes.length;
    this.#body.push(bytes);
    this.#body.end();
    return this.#body;
  }

  letGo(): void {
    this.#body?.letGo();
  }
}
