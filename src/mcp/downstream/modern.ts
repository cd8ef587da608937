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
import type { HeldCalls } from "./held.ts";
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
    const gone = new Ending();
    const reply = new Reply({ readers, streams: tasteOf(visit.request), onGone: () => gone.end() });
    const { meta } = inbound;
    const clientInfo = meta[metaKeys.clientInfo];
    const brought = {
      responses: memberText(inbound.paramsText, inbound.members, "inputResponses"),
      state: inbound.params["requestState"],
    };
    const progressToken = "progressToken" in meta ? progressTokenOf(inbound.paramsText) : undefined;
    const round = {
      notify(what: string, params: string): void {
        // A call that was held goes on in another request, which has a token of its own or none.
        const isProgress = what === "notifications/progress";
        if (isProgress && progressToken === undefined) return;
        reply.send(notification(what, isProgress ? withMembers(params, { progressToken }) : params), true);
      },
      gone,
    };
    const client: Client = {
      abilities: abilitiesOf(meta[metaKeys.clientCapabilities]),
      clientInfo: typeof clientInfo === "object" && clientInfo !== null ? clientInfo : undefined,
      logLevel,
      live: undefined,
      sessionId: undefined,
      resubscribe: async () => [],
      through: (call, send) => held.go(call, brought, round, send),
    };
    visit.cut.onEnd((why) => {
      reply.abort(why);
      gone.end(why);
    });
    visit.whenLong(() => onAbort(visit.request.signal, () => gone.end()));
    void answerBy(reply, visit, inbound, { id, method }, client);
    return reply.response;
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
