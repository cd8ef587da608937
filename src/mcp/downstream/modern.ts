import { onAbort } from "../../lib/abort.ts";
import { Ending } from "../../lib/ending.ts";
import { errorOutcome, headOf, respond } from "../answers.ts";
import { notification } from "../json-rpc.ts";
import { progressTokenOf } from "../meta.ts";
import { logLevels } from "../peer.ts";
import { codes, metaKeys } from "../protocol.ts";
import { memberText, withMembers } from "../spans.ts";
import type { Visit } from "../visit.ts";
import { answerOf } from "./answer.ts";
import type { Calls } from "./call.ts";
import type { Changes } from "./changes.ts";
import type { Client } from "./forward.ts";
import type { Brought, HeldCalls, Round } from "./held.ts";
import type { Inbound } from "./inbound.ts";
import { openListen } from "./listen.ts";
import type { Readers } from "./readers.ts";
import { Reply, tasteOf } from "./reply.ts";
import { abilitiesOf } from "./session.ts";

type Options = { calls: Calls; held: HeldCalls; changes: Changes; readers: Readers };

/** Clients of 2026-07-28: each request is complete in itself, and closing its stream cancels it. */
export function modernDoor({ calls, held, changes, readers }: Options) {
  function take(visit: Visit, inbound: Inbound): Response | Promise<Response> {
    const { id, method } = inbound;
    if (id === undefined || method === undefined) {
      visit.release();
      return new Response(null, { status: 202 });
    }
    const level = inbound.meta[metaKeys.logLevel];
    const logLevel = logLevels.find((known) => known === level);
    if (level !== undefined && logLevel === undefined) {
      visit.release();
      return respond(id, errorOutcome(codes.invalidParams, `The log level is one of ${logLevels.join(", ")}`));
    }
    if (method === "subscriptions/listen") return openListen({ calls, changes, readers }, visit, inbound, id);
    return answered(visit, inbound, id, method, logLevel);
  }

  function answered(
    visit: Visit,
    inbound: Inbound,
    id: string,
    method: string,
    logLevel: Client["logLevel"],
  ): Promise<Response> {
    const round = new Answering(visit, inbound, readers);
    const clientInfo = inbound.meta[metaKeys.clientInfo];
    const client: Client = {
      abilities: abilitiesOf(inbound.meta[metaKeys.clientCapabilities]),
      clientInfo: typeof clientInfo === "object" && clientInfo !== null ? clientInfo : undefined,
      logLevel,
      live: undefined,
      sessionId: undefined,
      resubscribe: nothingFollowed,
      through: (call) => held.go(call, broughtBy(inbound), round),
    };
    visit.cut.onEnd((why) => {
      round.reply.abort(why);
      round.gone.end(why);
    });
    visit.whenLong(() => onAbort(visit.request.signal, () => round.gone.end()));
    void answerBy(round.reply, visit, inbound, { id, method }, client);
    return round.reply.response;
  }

  async function answerBy(
    reply: Reply,
    visit: Visit,
    inbound: Inbound,
    { id, method }: { id: string; method: string },
    client: Client,
  ): Promise<void> {
    try {
      const outcome = await calls.answer(visit, inbound, method, client);
      reply.end(answerOf(id, outcome), headOf(outcome));
    } catch (error) {
      reply.abort(error);
    } finally {
      visit.release();
    }
  }

  return { take };
}

/** One request while it is answered: where what its server says meanwhile goes. */
class Answering implements Round {
  readonly gone = new Ending();
  readonly reply: Reply;
  readonly #inbound: Inbound;

  constructor({ request }: Visit, inbound: Inbound, readers: Readers) {
    this.#inbound = inbound;
    this.reply = new Reply({ readers, streams: tasteOf(request), onGone: () => this.gone.end() });
  }

  notify(what: string, params: string): void {
    if (what !== "notifications/progress") return void this.reply.send(notification(what, params), true);
    // A call that was held goes on in another request, which has a token of its own or none.
    const { meta, paramsText } = this.#inbound;
    const progressToken = "progressToken" in meta ? progressTokenOf(paramsText) : undefined;
    if (progressToken === undefined) return;
    this.reply.send(notification(what, withMembers(params, { progressToken })), true);
  }
}

const broughtBy = ({ params, paramsText, members }: Inbound): Brought => ({
  responses: memberText(paramsText, members, "inputResponses"),
  state: params["requestState"],
});

/** There is no session that anything could be followed for. */
const nothingFollowed = async (): Promise<readonly string[]> => [];
