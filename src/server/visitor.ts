import { type Alarm, wheel } from "../lib/wheel.ts";
import { streamHead } from "../mcp/downstream/event-out.ts";
import type { Endpoint } from "../mcp/endpoint.ts";
import { type Head, longMs, type Visitor } from "../mcp/visit.ts";
import type { Caller } from "../rbac/rights.ts";
import { idleSeconds } from "./body.ts";
import type { Sender } from "./sender.ts";

/** What all visitors are received with. */
export type Reception = {
  /** How long the connection of a request may be silent from now on; 0 is for ever. */
  timeout: (request: Request, seconds: number) => void;
  response: (body: string | ReadableStream<Uint8Array> | null, head: Head, request: Request) => Response;
  refused: (error: unknown, request: Request, sender: Sender) => Response;
};

/** A call that takes longer may take longer than the time after which a silent connection is closed. */
const longestMs = 5_000;

/** A request for the gateway, until it has its answer. */
export class HttpVisitor implements Visitor {
  readonly request: Request;
  readonly endpoint: Endpoint;
  readonly address: string | undefined;
  caller: Caller | undefined;
  readonly #reception: Reception;
  readonly #answered = Promise.withResolvers<Response>();
  #alarm: Alarm | undefined;
  #isLong = false;
  #isOver = false;

  constructor(request: Request, endpoint: Endpoint, address: string | undefined, reception: Reception) {
    this.request = request;
    this.endpoint = endpoint;
    this.address = address;
    this.#reception = reception;
  }

  get answered(): Promise<Response> {
    return this.#answered.promise;
  }

  lasts(): void {
    if (!this.#isOver) this.#alarm = wheel.after(longestMs - longMs, this);
  }

  ring(): void {
    this.#isLong = true;
    this.#reception.timeout(this.request, 0);
  }

  answer(body: string | ReadableStream<Uint8Array> | null, head: Head): void {
    if (this.#isOver) return;
    this.#end(this.#reception.response(body, head, this.request));
    if (head === streamHead) this.#reception.timeout(this.request, 0);
    // An answer that nobody reads is not kept for ever.
    else if (this.#isLong) this.#reception.timeout(this.request, idleSeconds);
  }

  fail(why: unknown): void {
    if (!this.#isOver) this.#end(this.#reception.refused(why, this.request, this));
  }

  over(): void {
    if (!this.#isOver) this.fail(new Error("nothing was answered"));
  }

  #end(response: Response): void {
    this.#isOver = true;
    this.#alarm?.cancel();
    this.#answered.resolve(response);
  }
}
