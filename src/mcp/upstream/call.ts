import type { Problem } from "../../lib/problem.ts";
import { type ServerLimits, setByServer } from "../../resources/limits.ts";
import type { Outcome } from "../answers.ts";
import type { Peer } from "../peer.ts";
import type { Asked } from "./answering.ts";
import { Busy, callerLeft, unavailable } from "./failures.ts";
import { Patience, timesOf, upFor } from "./patience.ts";
import type { Place } from "./queue.ts";
import type { RequestOptions } from "./upstream.ts";
import type { Sent } from "./wire.ts";

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
export class Call implements Asked, Place {
  readonly id: number;
  readonly method: string;
  readonly params: string;
  readonly options: RequestOptions;
  readonly peer: Peer | undefined;
  readonly caller: string;
  readonly outcome: Promise<Outcome>;
  readonly patience: Patience;
  questions: AbortController | undefined;
  /** Of those that the queue counts. */
  isUnderWay = false;
  isSent = false;
  /** There once it is on the wire. */
  sent: Sent | undefined;
  readonly #host: Host;
  #isOver = false;
  readonly #stopListening: (() => void) | undefined;
  #resolve!: (outcome: Outcome) => void;
  #reject!: (why: Problem) => void;

  constructor(host: Host, id: number, method: string, params: string, options: RequestOptions) {
    this.#host = host;
    this.id = id;
    this.method = method;
    this.params = params;
    this.options = options;
    this.peer = options.peer;
    this.caller = options.peer?.subject ?? "";
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { idleMs, mostMs } = timesOf(options, host.bounds);
    this.patience = new Patience(idleMs, mostMs, (inAll) => this.#isUp(inAll));
    this.#stopListening = options.ending?.onEnd(() => this.#giveUp(unavailable(callerLeft)));
  }

  start(): void {
    this.isSent = true;
    this.#host.send(this);
  }

  resolve(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#over();
    this.#resolve(outcome);
  }

  reject(why: Problem): void {
    if (this.#isOver) return;
    this.#over();
    this.sent?.letGo();
    this.#reject(why);
  }

  #isUp(inAll: boolean): void {
    const { why, ms } = upFor(this.options, this.#host.bounds, inAll);
    if (this.isSent) this.#host.unanswered();
    this.#giveUp(this.isSent ? why : new Busy(`it waited ${ms / 1000} s for its turn; ${setByServer("inFlight")}`));
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
    this.#stopListening?.();
    this.#host.over(this);
  }
}
