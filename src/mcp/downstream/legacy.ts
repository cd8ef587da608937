import { onAbort } from "../../lib/abort.ts";
import { Ending } from "../../lib/ending.ts";
import { busyOutcome, errorOutcome, headOf, type Outcome, respond } from "../answers.ts";
import { notification, response } from "../json-rpc.ts";
import { codes } from "../protocol.ts";
import { Busy } from "../upstream/failures.ts";
import { boundOf, holderOf, ownerOf, type Visit } from "../visit.ts";
import { answerOf } from "./answer.ts";
import type { Calls } from "./call.ts";
import type { Changes, ChangingList } from "./changes.ts";
import { eventOut, streamHeaders } from "./event-out.ts";
import type { Client } from "./forward.ts";
import type { Inbound } from "./inbound.ts";
import { askClient, type Listener, type Live, type Lives } from "./live.ts";
import type { Readers } from "./readers.ts";
import { Reply, tasteOf } from "./reply.ts";
import type { SessionFacts, Sessions } from "./session.ts";

type Options = { calls: Calls; lives: Lives; changes: Changes; sessions: Sessions; readers: Readers };

/** Where what belongs to one request goes besides its answer. False when nobody hears it. */
type Outlet = {
  send: (text: string, mayBeMissed?: boolean) => boolean;
  /** Lets the client go, to come back after so long. */
  pause?: (retryMs: number) => void;
};

const silence: Outlet = { send: () => false };
const done: Outcome = { result: "{}" };

/** Who asks, and where what belongs to it is heard. */
type Asking = { visit: Visit; facts: SessionFacts | undefined; live: Live | undefined; outlet: Outlet };

/** A request, as it was written. */
type Asked = { id: string; method: string };

const everyList: ReadonlySet<ChangingList> = new Set<ChangingList>(["tools", "prompts", "resources"]);

/** Clients of 2024-11-05 to 2025-11-25: they initialize, keep a session if they like, and a disconnect cancels nothing. */
export type LegacyDoor = ReturnType<typeof legacyDoor>;

export function legacyDoor({ calls, lives, changes, sessions, readers }: Options) {
  /** One POST. Requests outside of a session are served as far as that goes: nobody can be asked anything. */
  function take(visit: Visit, inbound: Inbound): Response | Promise<Response> {
    const { id, method } = inbound;
    if (method === "initialize" && id !== undefined) return initialize(visit, inbound, id);
    const facts = sessionOf(visit);
    if (facts === "unknown") {
      visit.release();
      return unknownSession(id);
    }
    if (id === undefined || method === undefined) {
      if (facts !== undefined) told(visit, facts, inbound);
      visit.release();
      return new Response(null, { status: 202 });
    }
    const live = facts === undefined ? undefined : liveFor(visit, facts);
    if (live instanceof Busy) {
      visit.release();
      return new Response(response(id, busyOutcome(live.message)), headOf(done));
    }
    const reply = new Reply({
      readers,
      streams: facts === undefined ? "never" : tasteOf(visit.request),
      transcript: live?.transcripts.post,
    });
    visit.cut.onEnd((why) => reply.abort(why));
    void answerBy(reply, { visit, facts, live, outlet: reply }, inbound, { id, method });
    return reply.response;
  }

  async function answerBy(reply: Reply, asking: Asking, inbound: Inbound, asked: Asked): Promise<void> {
    try {
      const outcome = await answerTo(asking, inbound, asked);
      // Within a session an error is told by what it holds: 429 ends it for clients that take each status for the end of the transport.
      const isTold = asking.facts === undefined && "retryAfterSeconds" in outcome;
      reply.end(answerOf(asked.id, outcome), headOf(isTold ? outcome : done));
    } catch (error) {
      reply.abort(error);
    } finally {
      asking.visit.release();
    }
  }

  function liveFor(visit: Visit, facts: SessionFacts): Live | Busy {
    try {
      return lives.of(facts, ownerOf(visit), holderOf(visit));
    } catch (error) {
      if (error instanceof Busy) return error;
      throw error;
    }
  }

  async function initialize(visit: Visit, inbound: Inbound, id: string): Promise<Response> {
    const session = sessions.mint(inbound.params, boundOf(visit));
    const client = clientOf({ visit, facts: undefined, live: undefined, outlet: silence }, visit.cut);
    const begun = { ...client, sessionId: sessions.open(session, boundOf(visit))?.id };
    const outcome = await calls.answer(visit, inbound, "initialize", begun).finally(() => visit.release());
    const response = respond(id, outcome);
    response.headers.set("mcp-session-id", session);
    return response;
  }

  /** Undefined when none is claimed. An ended, a foreign and an invented one are all the same: unknown. */
  function sessionOf(visit: Visit): SessionFacts | undefined | "unknown" {
    const text = visit.request.headers.get("mcp-session-id");
    if (text === null) return undefined;
    const facts = sessions.open(text, boundOf(visit));
    return facts === undefined || lives.isEnded(facts.id) ? "unknown" : facts;
  }

  /** Answers one request; it can be cancelled by its id while it runs. */
  async function answerTo(asking: Asking, inbound: Inbound, { id, method }: Asked): Promise<Outcome> {
    const { visit, live } = asking;
    if (live?.running.has(id) === true)
      return errorOutcome(codes.invalidRequest, "A request of this id is still running: use each id once");
    const cancel = new Ending();
    visit.cut.onEnd((why) => cancel.end(why));
    live?.running.set(id, cancel);
    try {
      return await calls.answer(visit, inbound, method, clientOf(asking, cancel));
    } finally {
      live?.running.delete(id);
    }
  }

  function clientOf({ visit, facts, live, outlet }: Asking, ending: Ending): Client {
    const notify = (method: string, params: string) => void outlet.send(notification(method, params), true);
    const pause = (retryMs: number) => outlet.pause?.(retryMs);
    const ask = async (method: string, params: string, unwanted: AbortSignal) =>
      live === undefined
        ? errorOutcome(codes.unknownMethod, "This client cannot be asked: it has no session")
        : await askClient(live, method, params, unwanted, (text) => outlet.send(text));
    return {
      abilities: facts?.abilities ?? {},
      clientInfo: facts?.clientInfo,
      logLevel: live?.level,
      live,
      sessionId: facts?.id,
      resubscribe: async () => (facts === undefined || live === undefined ? [] : await follow(visit, facts, live)),
      through: (call) => call.send({ takesInput: false, notify, pause, ask }, ending, undefined, call),
    };
  }

  /** Its subscriptions as they are now. Answers which servers will not tell; a session that ended meanwhile wants nothing any more. */
  async function follow({ admission }: Visit, { id }: SessionFacts, live: Live): Promise<string[]> {
    const failed = await changes.follow(id, admission.servers, [...live.subscriptions.values()], []);
    if (lives.find(id) !== live) changes.unfollow(id);
    return failed;
  }

  /** A notification, or the answer to a question of ours. Most sessions are told of once, and have nothing going on. */
  function told(visit: Visit, facts: SessionFacts, { id, method, params, answer }: Inbound): void {
    const live = lives.find(facts.id);
    if (id !== undefined && answer !== undefined) live?.asks.get(id)?.(answer);
    else if (method === "notifications/cancelled") {
      const { requestId } = params;
      if (typeof requestId === "string" || typeof requestId === "number")
        live?.running.get(JSON.stringify(requestId))?.end();
    } else if (method === "notifications/roots/list_changed" && facts.abilities.roots !== undefined)
      calls.rootsChanged(visit, facts.clientInfo?.name);
  }

  /** The stream of GET: what belongs to no request, and what was missed of streams that broke (`Last-Event-ID`). */
  function listen(visit: Visit): Response {
    const facts = sessionOf(visit);
    if (facts === undefined || facts === "unknown") {
      visit.release();
      return unknownSession(undefined);
    }
    if (tasteOf(visit.request) === "never") {
      visit.release();
      return Response.json({ error: "The stream of a session takes Accept: text/event-stream" }, { status: 406 });
    }
    const live = lives.of(facts, ownerOf(visit), holderOf(visit));
    const listener: Listener = {
      subject: visit.admission.principal,
      abilities: facts.abilities,
      say: live.transcripts.say,
    };
    const lastEventId = visit.request.headers.get("last-event-id");
    let unsubscribe = () => {};
    const out = eventOut(readers, {
      onClose: () => {
        unsubscribe();
        live.transcripts.left(out);
        if (live.listener === listener) live.listener = undefined;
        visit.release();
      },
    });
    visit.cut.onEnd(() => out.close());
    onAbort(visit.request.signal, () => out.close());
    const isOfPost = lastEventId !== null && !lastEventId.startsWith("0.");
    if (lastEventId === null || !live.transcripts.resume(lastEventId, out)) live.transcripts.listen(out);
    if (!isOfPost) {
      live.listener = listener;
      unsubscribe = subscribe(visit, live, (text) => void live.transcripts.say(text), out.close);
    }
    return new Response(out.body, { headers: streamHeaders });
  }

  function subscribe(visit: Visit, live: Live, say: (text: string) => void, end: () => void): () => void {
    return changes.subscribe({
      projectId: visit.admission.project.id,
      subject: visit.admission.principal,
      admission: () => visit.again(),
      lists: everyList,
      shown(serverId, key) {
        for (const [name, one] of live.subscriptions) if (one.serverId === serverId && one.key === key) return { name };
        return undefined;
      },
      tell: (method, params) => say(notification(method, params)),
      end,
    });
  }

  /** DELETE: the client needs its session no more. */
  function finish(visit: Visit): Response {
    const facts = sessionOf(visit);
    visit.release();
    if (facts === undefined || facts === "unknown") return unknownSession(undefined);
    lives.finish(facts.id);
    return new Response(null, { status: 200 });
  }

  return { take, listen, finish, told, answerTo, subscribe };
}

/** Exactly 404, which tells a client to initialize anew. */
const unknownSession = (id: string | undefined) =>
  respond(id, errorOutcome(codes.unknownSession, "There is no such session: initialize again", undefined, 404));
