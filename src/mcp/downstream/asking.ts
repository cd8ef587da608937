import { Ending } from "../../lib/ending.ts";
import { errorOutcome, headOf, type Outcome, okHead } from "../answers.ts";
import { notification } from "../json-rpc.ts";
import type { Abilities, LogLevel } from "../peer.ts";
import { codes } from "../protocol.ts";
import type { Head, Visit } from "../visit.ts";
import type { Answering } from "./answering.ts";
import type { Going, Half } from "./held.ts";
import { askClient, type Live } from "./live.ts";
import { noAbilities, type SessionFacts } from "./session.ts";

/** Where what belongs to one request of a legacy client goes, and its answer. */
export type Outlet = {
  /** False when nobody hears it. */
  send: (text: string, mayBeMissed?: boolean) => boolean;
  end: (outcome: Outcome, head: Head) => void;
  fail: (why: unknown) => void;
  /** The right to it has ended. */
  ended?: (why: unknown) => void;
  /** Lets the client go, to come back after so long. */
  pause?: (retryMs: number) => void;
};

/** Its subscriptions are others now: its servers are told. Answers which of them will not tell of changes. */
type Follow = (visit: Visit, facts: SessionFacts, live: Live) => Promise<readonly string[]>;

/** One request of a legacy client while it is answered; within a session it can be cancelled by its id. */
export class Asking implements Answering, Half {
  readonly takesInput = false;
  readonly abilities: Abilities;
  readonly clientInfo: object | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly live: Live | undefined;
  sessionId: string | undefined;
  readonly #visit: Visit;
  readonly #id: string;
  readonly #facts: SessionFacts | undefined;
  readonly #outlet: Outlet;
  readonly #follow: Follow;
  readonly #cancel = new Ending();

  constructor(
    visit: Visit,
    id: string,
    facts: SessionFacts | undefined,
    live: Live | undefined,
    outlet: Outlet,
    follow: Follow,
  ) {
    this.abilities = facts?.abilities ?? noAbilities;
    this.clientInfo = facts?.clientInfo;
    this.logLevel = live?.level;
    this.live = live;
    this.sessionId = facts?.id;
    this.#visit = visit;
    this.#id = id;
    this.#facts = facts;
    this.#outlet = outlet;
    this.#follow = follow;
    visit.cut.add(this);
    live?.running.set(id, this.#cancel);
  }

  through(call: Going): void {
    call.send(this, this.#cancel, undefined, call);
  }

  notify(method: string, params: string): void {
    this.#outlet.send(notification(method, params), true);
  }

  pause(retryMs: number): void {
    this.#outlet.pause?.(retryMs);
  }

  async ask(method: string, params: string, unwanted: AbortSignal): Promise<Outcome> {
    if (this.live === undefined)
      return errorOutcome(codes.unknownMethod, "This client cannot be asked: it has no session");
    return await askClient(this.live, method, params, unwanted, (text) => this.#outlet.send(text));
  }

  async resubscribe(): Promise<readonly string[]> {
    if (this.#facts === undefined || this.live === undefined) return [];
    return await this.#follow(this.#visit, this.#facts, this.live);
  }

  answered(outcome: Outcome): void {
    this.live?.running.delete(this.#id);
    // Within a session an error is told by what it holds: 429 ends it for clients that take each status for the end of the transport.
    const isTold = this.#facts === undefined && "retryAfterSeconds" in outcome;
    this.#outlet.end(outcome, isTold ? headOf(outcome) : okHead);
    this.#visit.release();
  }

  failed(why: unknown): void {
    this.live?.running.delete(this.#id);
    this.#outlet.fail(why);
    this.#visit.release();
  }

  /** The right to it has ended. */
  ended(why: unknown): void {
    this.#outlet.ended?.(why);
    this.#cancel.end(why);
  }
}
