import type { Problem } from "../../lib/problem.ts";
import { type ServerLimits, setByServer } from "../../resources/limits.ts";
import type { Outcome } from "../answers.ts";
import type { Asker } from "../asker.ts";
import * as rpc from "../json-rpc.ts";
import type { Params } from "../params.ts";
import type { Peer } from "../peer.ts";
import type { Asked } from "./answering.ts";
import { Busy, callerLeft, unavailable } from "./failures.ts";
import { mostMs, Patience, upFor, usualMs } from "./patience.ts";
import type { Place } from "./queue.ts";
import type { RequestOptions } from "./upstream.ts";
import type { Sending, Sent } from "./wire.ts";

/** The conversation that a call belongs to. */
export type Host = {
  bounds: ServerLimits;
  /** Sends it: it is its turn. */
  send: (call: Call) => void;
  /** Tells the server, to which it was sent, that nobody waits for it any more. */
  takeBack: (call: Call, why: Problem) => void;
  /** No answer came in time to what was sent. */
  unanswered: () => void;
  /** It is over, whatever became of it. */
  over: (call: Call) => void;
};

/** A request of a conversation, from when it is asked for until it has its answer. */
export class Call implements Asked, Place, Sending {
  readonly id: number;
  readonly method: string;
  params: Params;
  readonly options: RequestOptions;
  readonly peer: Peer | undefined;
  readonly caller: string;
  readonly patience: Patience;
  questions: AbortController | undefined;
  /** Of those that the queue counts. */
  isUnderWay = false;
  isSent = false;
  /** There once it is on the wire. */
  sent: Sent | undefined;
  readonly #host: Host;
  readonly #asker: Asker;
  #isOver = false;

  constructor(host: Host, id: number, method: string, params: Params, options: RequestOptions, asker: Asker) {
    this.#host = host;
    this.#asker = asker;
    this.id = id;
    this.method = method;
    this.params = params;
    this.options = options;
    this.peer = options.peer;
    this.caller = options.peer?.subject ?? "";
    this.patience = new Patience(usualMs(options, host.bounds), mostMs(options, host.bounds), this);
    options.ending?.add(this);
  }

  /** The message. It is asked for once, and not kept. */
  get text(): rpc.Text {
    return rpc.request(this.id, this.method, this.params);
  }

  get tool(): string | undefined {
    return this.options.tool;
  }

  start(): void {
    this.isSent = true;
    this.#host.send(this);
  }

  resolve(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#over();
    this.#asker.answered(outcome);
  }

  reject(why: Problem): void {
    if (this.#isOver) return;
    this.#over();
    this.sent?.letGo();
    this.#asker.failed(why);
  }

  /** No more patience. */
  isUp(inAll: boolean): void {
    const { why, ms } = upFor(this.options, this.#host.bounds, inAll);
    if (this.isSent) this.#host.unanswered();
    this.#giveUp(this.isSent ? why : new Busy(`it waited ${ms / 1000} s for its turn; ${setByServer("inFlight")}`));
  }

  /** Whoever asked waits no more. */
  ended(): void {
    this.#giveUp(unavailable(callerLeft));
  }

  #giveUp(why: Problem): void {
    if (this.#isOver) return;
    if (this.isSent) this.#host.takeBack(this, why);
    this.reject(why);
  }

  #over(): void {
    this.#isOver = true;
    this.patience.end();
    this.questions?.abort();
    this.options.ending?.remove(this);
    this.#host.over(this);
  }
}
