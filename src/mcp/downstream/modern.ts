import { onAbort } from "../../lib/abort.ts";
import { Ending } from "../../lib/ending.ts";
import { accepted, errorOutcome, headOf, type Outcome, respond } from "../answers.ts";
import { notification } from "../json-rpc.ts";
import { progressTokenOf } from "../meta.ts";
import { type Abilities, asLogLevel, type LogLevel, logLevels } from "../peer.ts";
import { codes, metaKeys } from "../protocol.ts";
import { memberText, withMembers } from "../spans.ts";
import type { Visit } from "../visit.ts";
import type { Answering } from "./answering.ts";
import type { Calls } from "./call.ts";
import type { Changes } from "./changes.ts";
import type { Brought, Going, HeldCalls, Round } from "./held.ts";
import type { Inbound } from "./inbound.ts";
import { openListen } from "./listen.ts";
import type { Readers } from "./readers.ts";
import { Reply, tasteOf } from "./reply.ts";
import { whoIn } from "./who.ts";

type Options = { calls: Calls; held: HeldCalls; changes: Changes; readers: Readers };

/** Clients of 2026-07-28: each request is complete in itself, and closing its stream cancels it. */
export function modernDoor({ calls, held, changes, readers }: Options) {
  /** One POST. Undefined when it has its answer already, a promise when that is a stream. */
  function take(visit: Visit, inbound: Inbound): Answering | Promise<void> | undefined {
    const { id, method } = inbound;
    if (id === undefined || method === undefined) return void visit.visitor.answer(null, accepted);
    const level = inbound.meta[metaKeys.logLevel];
    const logLevel = asLogLevel(level);
    if (level !== undefined && logLevel === undefined) {
      const why = `The log level is one of ${logLevels.join(", ")}`;
      return void respond(visit.visitor, id, errorOutcome(codes.invalidParams, why));
    }
    if (method === "subscriptions/listen") return openListen({ calls, changes, readers }, visit, inbound, id);
    return new Modern(visit, inbound, id, logLevel, held, readers);
  }

  return { take };
}

/** One request while it is answered: where what its server says meanwhile goes, and what the client brought to its call. */
class Modern extends Reply implements Answering, Round, Brought {
  readonly abilities: Abilities;
  readonly clientInfo: object | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly live = undefined;
  readonly sessionId = undefined;
  readonly gone = new Ending();
  readonly #visit: Visit;
  readonly #inbound: Inbound;
  readonly #held: HeldCalls;

  constructor(
    visit: Visit,
    inbound: Inbound,
    id: string,
    logLevel: LogLevel | undefined,
    held: HeldCalls,
    readers: Readers,
  ) {
    super(visit.visitor, id, tasteOf(visit.request), readers, undefined);
    const { abilities, clientInfo } = whoIn(inbound);
    this.abilities = abilities;
    this.clientInfo = clientInfo;
    this.logLevel = logLevel;
    this.#visit = visit;
    this.#inbound = inbound;
    this.#held = held;
    visit.cut.add(this);
    visit.whenLong(this);
  }

  get responses(): string | undefined {
    const { brief, members } = this.#inbound;
    return memberText(brief, members, "inputResponses");
  }

  get state(): unknown {
    return this.#inbound.params["requestState"];
  }

  through(call: Going): void {
    this.#held.go(call, this, this);
  }

  /** There is no session that anything could be followed for. */
  async resubscribe(): Promise<readonly string[]> {
    return [];
  }

  notify(what: string, params: string): void {
    if (what !== "notifications/progress") return void this.send(notification(what, params), true);
    // A call that was held goes on in another request, which has a token of its own or none.
    const { meta, brief } = this.#inbound;
    const progressToken = "progressToken" in meta ? progressTokenOf(brief) : undefined;
    if (progressToken === undefined) return;
    this.send(notification(what, withMembers(params, { progressToken })), true);
  }

  answered(outcome: Outcome): void {
    this.end(outcome, headOf(outcome));
    this.#visit.release();
  }

  failed(why: unknown): void {
    this.fail(why);
    this.#visit.release();
  }

  override ended(why: unknown): void {
    super.ended(why);
    this.gone.end(why);
  }

  override lasts(): void {
    super.lasts();
    onAbort(this.#visit.request.signal, () => this.gone.end());
  }

  protected override left(): void {
    this.gone.end();
  }
}
