import { onAbort } from "../../lib/abort.ts";
import { accepted, busyOutcome, errorOutcome, okHead, refuse, respond } from "../answers.ts";
import { notification, response } from "../json-rpc.ts";
import { codes } from "../protocol.ts";
import { Busy } from "../upstream/failures.ts";
import { boundOf, type Head, holderOf, ownerOf, type Visit, type Visitor } from "../visit.ts";
import { Asking, type Outlet } from "./asking.ts";
import type { Calls } from "./call.ts";
import type { Changes, ChangingList } from "./changes.ts";
import { EventOut, streamHead } from "./event-out.ts";
import type { Inbound } from "./inbound.ts";
import type { Listener, Live, Lives } from "./live.ts";
import type { Readers } from "./readers.ts";
import { Reply, tasteOf } from "./reply.ts";
import type { SessionFacts, Sessions } from "./session.ts";

type Options = { calls: Calls; lives: Lives; changes: Changes; sessions: Sessions; readers: Readers };

const everyList: ReadonlySet<ChangingList> = new Set<ChangingList>(["tools", "prompts", "resources"]);

/** Clients of 2024-11-05 to 2025-11-25: they initialize, keep a session if they like, and a disconnect cancels nothing. */
export type LegacyDoor = ReturnType<typeof legacyDoor>;

export function legacyDoor({ calls, lives, changes, sessions, readers }: Options) {
  /**
   * One POST. Requests outside of a session are served as far as that goes: nobody can be asked anything. Undefined when it has its answer already.
   */
  function take(visit: Visit, inbound: Inbound): Asking | undefined {
    const { visitor } = visit;
    const { id, method } = inbound;
    if (method === "initialize" && id !== undefined) return initialize(visit, inbound, id);
    const facts = sessionOf(visit);
    if (facts === "unknown") return void unknownSession(visitor, id);
    if (id === undefined || method === undefined) {
      if (facts !== undefined) told(visit, facts, inbound);
      return void visitor.answer(null, accepted);
    }
    const live = facts === undefined ? undefined : liveFor(visit, facts);
    if (live instanceof Busy) return void visitor.answer(response(id, busyOutcome(live.message)), okHead);
    const taste = facts === undefined ? "never" : tasteOf(visit.request);
    const reply = new Reply(visitor, id, taste, readers, live?.transcripts.post);
    visit.whenLong(reply);
    return asking(visit, id, facts, live, reply);
  }

  /** Undefined when there is one of this id already, which is told. */
  function asking(
    visit: Visit,
    id: string,
    facts: SessionFacts | undefined,
    live: Live | undefined,
    outlet: Outlet,
  ): Asking | undefined {
    if (live?.running.has(id) !== true) return new Asking(visit, id, facts, live, outlet, follow);
    const why = "A request of this id is still running: use each id once";
    outlet.end(errorOutcome(codes.invalidRequest, why), okHead);
    return undefined;
  }

  function liveFor(visit: Visit, facts: SessionFacts): Live | Busy {
    try {
      return lives.of(facts, ownerOf(visit), holderOf(visit));
    } catch (error) {
      if (error instanceof Busy) return error;
      throw error;
    }
  }

  function initialize(visit: Visit, inbound: Inbound, id: string): Asking {
    const session = sessions.mint(inbound.params, boundOf(visit));
    const begun = new Asking(visit, id, undefined, undefined, inNewSession(visit.visitor, id, session), follow);
    begun.sessionId = sessions.open(session, boundOf(visit))?.id;
    return begun;
  }

  /** Undefined when none is claimed. An ended, a foreign and an invented one are all the same: unknown. */
  function sessionOf(visit: Visit): SessionFacts | undefined | "unknown" {
    const text = visit.request.headers.get("mcp-session-id");
    if (text === null) return undefined;
    const facts = sessions.open(text, boundOf(visit));
    return facts === undefined || lives.isEnded(facts.id) ? "unknown" : facts;
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
  function listen(visit: Visit): void {
    const { visitor } = visit;
    const facts = sessionOf(visit);
    if (facts === undefined || facts === "unknown") {
      visit.release();
      return void unknownSession(visitor, undefined);
    }
    if (tasteOf(visit.request) === "never") {
      visit.release();
      return void refuse(visitor, "The stream of a session takes Accept: text/event-stream", {
        status: 406,
        headers: {},
      });
    }
    const live = lives.of(facts, ownerOf(visit), holderOf(visit));
    const listener: Listener = {
      subject: visit.admission.principal,
      abilities: facts.abilities,
      say: live.transcripts.say,
    };
    const lastEventId = visit.request.headers.get("last-event-id");
    let unsubscribe = () => {};
    const out = new EventOut(readers, {
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
      unsubscribe = subscribe(
        visit,
        live,
        (text) => void live.transcripts.say(text),
        () => out.close(),
      );
    }
    visitor.answer(out.body, streamHead);
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
  function finish(visit: Visit): void {
    const { visitor } = visit;
    const facts = sessionOf(visit);
    visit.release();
    if (facts === undefined || facts === "unknown") return void unknownSession(visitor, undefined);
    lives.finish(facts.id);
    visitor.answer(null, nothingMore);
  }

  return { take, asking, listen, finish, told, subscribe };
}

const nothingMore: Head = { status: 200, headers: {} };

/** The answer to `initialize`, which says how the session is called. */
const inNewSession = (visitor: Visitor, id: string, session: string): Outlet => ({
  send: () => false,
  end: (outcome, head) =>
    visitor.answer(response(id, outcome), { ...head, headers: { ...head.headers, "mcp-session-id": session } }),
  fail: (why) => visitor.fail(why),
});

/** Exactly 404, which tells a client to initialize anew. */
const unknownSession = (visitor: Visitor, id: string | undefined) =>
  respond(
    visitor,
    id,
    errorOutcome(codes.unknownSession, "There is no such session: initialize again", undefined, 404),
  );
