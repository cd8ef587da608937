import { type Meter, noMeter } from "../../lib/counters.ts";
import { Problem } from "../../lib/problem.ts";
import { restAfter } from "../../lib/share.ts";
import type { ServerLimits } from "../../resources/limits.ts";
import { measured, type Outcome } from "../answers.ts";
import type { Asker } from "../asker.ts";
import * as rpc from "../json-rpc.ts";
import { withMeta } from "../meta.ts";
import type { Outline } from "../outline.ts";
import type { Params } from "../params.ts";
import { cut, joined, type Measured, memberIn, memberOf, startsObject, withMembers } from "../spans.ts";
import { createAnswering, type Questions } from "./answering.ts";
import { callLogged } from "./attribution.ts";
import { Call, type Host } from "./call.ts";
import { Absent, Beyond, Busy, callerLeft, Overlong, unavailable } from "./failures.ts";
import { longestAtOnce, readIncoming, readLong, skimmed, skimmedLong } from "./incoming.ts";
import { createPace } from "./pace.ts";
import { createQueue } from "./queue.ts";
import { limits, type RequestOptions, requesting } from "./upstream.ts";
import type { Wire } from "./wire.ts";

/** What a manner of speaking makes of a server's words that belong to no call. */
export type Manner = Questions & {
  onNotification: (method: string, params: string, via: number | undefined) => void;
};

/** Before these are answered there is no conversation in which anything could be taken back. */
const openers: ReadonlySet<string> = new Set(["initialize", "server/discover"]);

/**
 * The JSON-RPC of one conversation with a server, over any wire: ids of our own for each request and its progress, since two clients of ours may
 * well use the same (CVE-2026-25536), answers matched to them, and everything a server says brought to the call that it belongs to.
 */
export type Dialogue = ReturnType<typeof dialogue>;

export function dialogue(wire: Wire, bounds: ServerLimits, meter: Meter = noMeter) {
  /** Those that were sent. */
  const calls = new Map<number, Call>();
  const queue = createQueue<Call>(bounds, meter);
  const pace = createPace(bounds.notificationsPerSecond, meter);
  const ending = Promise.withResolvers<Problem>();
  let nextId = 1;
  let own = 0;
  let ended: Problem | undefined;
  let manner: Manner = { takesAsks: false, onNotification: () => {} };
  const answering = createAnswering(calls, () => manner, post);
  const host: Host = { bounds, send, takeBack, unanswered: () => meter.add("calls_unanswered"), over };
  wire.hear({
    receive,
    receiveLong,
    waits: (id) => calls.has(id),
    failed(id, why) {
      if (why instanceof Beyond) meter.add("messages_refused");
      calls.get(id)?.reject(why);
    },
    paused: (id, retryMs) => calls.get(id)?.peer?.pause?.(retryMs),
    ended: end,
  });

  function ask(method: string, params: Params, options: RequestOptions, asker: Asker): void {
    if (ended !== undefined) return void asker.failed(ended);
    // While the body came or the server started, the right may have ended: such a call must not arrive.
    if (options.ending?.hasEnded === true) return void asker.failed(unavailable(callerLeft));
    const call = new Call(host, nextId++, method, params, options, asker);
    try {
      enter(call);
    } catch (why) {
      call.reject(why as Problem);
    }
  }

  /** Callers wait for their turn; what we ask for ourselves does not wait for them. @throws Busy */
  function enter(call: Call): void {
    if (call.peer !== undefined) return void queue.enter(call);
    if (own >= limits.own) throw new Busy("it has too many questions of ours to answer already");
    own++;
    call.isUnderWay = true;
    call.start();
  }

  function send(call: Call): void {
    const { id, peer } = call;
    calls.set(id, call);
    if (peer !== undefined) meter.add("calls");
    if (peer?.progressToken !== undefined) call.params = withToken(call.params, id);
    try {
      call.sent = wire.request(call);
    } catch (error) {
      call.reject(new Absent(error instanceof Error ? error.message : "the server cannot be written to", error));
    }
  }

  function takeBack({ id, method }: Call, why: Problem): void {
    if (wire.cancelsBy === "message" && !openers.has(method))
      void notify("notifications/cancelled", JSON.stringify({ requestId: id, reason: why.message }));
  }

  function over(call: Call): void {
    calls.delete(call.id);
    if (call.peer !== undefined) queue.leave(call);
    else if (call.isUnderWay) {
      call.isUnderWay = false;
      own--;
    }
  }

  /** Whoever waits for a request learns of a wire that fails by that; a notification has no answer to wait for. */
  async function notify(method: string, params = "{}"): Promise<void> {
    if (ended === undefined) await post(rpc.notification(method, params));
  }

  function post(text: string): Promise<void> {
    return wire.post(text).catch(() => {});
  }

  /** Takes one message of the server. What is not JSON-RPC is dropped: it answers nothing. */
  function receive(text: string, via?: number): Promise<void> | undefined {
    // What would be dropped anyway is not even read.
    if (text.length > longestSkimmed && isChatter(skimmed(text).method) && !pace.hasRoom()) return void pace.may(0);
    if (text.length > longestAtOnce) return receiveLong([text], via);
    const read = readIncoming(text, bounds);
    if (read instanceof Problem) unreadable(skimmed(text), read, via);
    else taken({ text, members: read.members }, read, via);
    return undefined;
  }

  async function receiveLong(parts: readonly string[], via?: number): Promise<void> {
    if (isChatter(skimmedLong(parts).method) && !pace.hasRoom()) return void pace.may(0);
    const worked = { ms: 0 };
    const read = await readLong(parts, bounds, worked);
    const waiting = calls.size;
    if (read instanceof Problem) unreadable(skimmedLong(parts), read, via);
    else taken({ text: joined(parts), members: read.members, parts }, read, via);
    // Where nobody had asked for it, what comes behind it waits until all others have had their part of the time.
    if (calls.size === waiting) await restAfter(worked);
  }

  function taken(message: Measured, read: Outline, via: number | undefined): void {
    const id = memberIn(message, "id");
    const method = memberIn(message, "method");
    if (method === undefined) return void settle(id, resultIn(message, read), memberIn(message, "error"), via);
    const name: unknown = JSON.parse(method);
    const params = memberIn(message, "params") ?? "{}";
    if (typeof name !== "string" || !params.startsWith("{")) return;
    else if (id === undefined) heard(name, params, via);
    else void answering.answer(id, name, params, via);
  }

  /** Whoever waits for an answer that cannot be read is told so at once, if it can be seen whose it is. */
  function unreadable(seen: ReturnType<typeof skimmed>, fault: Problem, via: number | undefined): void {
    meter.add("messages_refused");
    // Noise on a call's own stream is no answer to it, but what is too much of one is.
    const { method, id = fault instanceof Beyond ? via : undefined } = seen;
    if (method === undefined && id !== undefined) calls.get(id)?.reject(fault);
  }

  function settle(id: string | undefined, answer?: Answer, error?: string, via?: number): void {
    // A request that was refused before it was read is answered without an id.
    const unnamed = (id === undefined || id === "null") && error !== undefined;
    const call = calls.get(unnamed && via !== undefined ? via : Number(id));
    if (call === undefined) return;
    // Everything behind this looks into them: `null`, or a word, is neither.
    if (error?.startsWith("{") === true) call.resolve({ error });
    else if (answer !== undefined && startsObject(measured(answer))) call.resolve(answer);
    else call.reject(unavailable("the server's answer has neither result nor error"));
  }

  function heard(method: string, params: string, via: number | undefined): void {
    const field = (name: string) => memberOf(params, name);
    if (method === "notifications/progress") {
      const call = calls.get(Number(field("progressToken")));
      const token = call?.peer?.progressToken;
      if (call === undefined || token === undefined) return;
      call.patience.progressed();
      if (pace.may(params.length)) call.peer?.notify(method, withMembers(params, { progressToken: token }));
    } else if (method === "notifications/message") {
      const level: unknown = JSON.parse(field("level") ?? "null");
      const call = callLogged(calls, via, level);
      if (call !== undefined && pace.may(params.length)) call.peer?.notify(method, params);
    } else if (method === "notifications/cancelled") {
      const id = field("requestId") ?? "";
      if (manner.takesAsks) answering.takeBack(id);
      else calls.get(Number(id))?.reject(unavailable("the server broke it off"));
    } else if (method === "notifications/subscriptions/acknowledged") manner.onNotification(method, params, via);
    else {
      const about = field("uri") ?? field("taskId") ?? field("elicitationId") ?? "";
      pace.orLater(`${method} ${about}`, params.length, () => manner.onNotification(method, params, via));
    }
  }

  /** Nothing more will come: everybody who waits is told why. */
  function end(why: Problem): void {
    if (ended !== undefined) return;
    ended = why;
    if (why instanceof Overlong) meter.add("lines_too_long");
    answering.end();
    pace.end();
    for (const call of [...queue.waiting(), ...calls.values()]) call.reject(why);
    ending.resolve(why);
  }

  return {
    ask,
    request: requesting(ask),
    notify,
    /** From now on it is spoken in this manner. */
    speak(next: Manner): void {
      manner = next;
    },
    ended: ending.promise,
    limits: bounds,
    /** How many requests of clients have no answer yet, those included that wait for their turn. */
    underWay: () => calls.size - own + queue.waiting().length,
    close(why = "the connection to the server was closed"): void {
      end(unavailable(why));
      wire.close();
    },
  };
}

type Answer = Extract<Outcome, { result: string }>;

function resultIn(message: Measured, { members, inner, bones }: Outline): Answer | undefined {
  const result = memberIn(message, "result");
  if (result === undefined) return undefined;
  if (inner === undefined) return { result, bones };
  const { parts } = message;
  if (parts === undefined) return { result, read: { text: result, members: inner }, bones };
  const at = members.indexOf("result");
  const own = cut(parts, members.start(at), members.end(at));
  return { result, read: { text: result, members: inner, parts: own }, bones };
}

/** A message up to this long is read whatever it is. */
const longestSkimmed = 4_096;
const isChatter = (method: string | undefined): boolean =>
  method === "notifications/progress" || method === "notifications/message";

/** Asks for progress under our own id: it is this call's and nobody else's. */
const withToken = (params: Params, id: number): Params => {
  const token = { progressToken: String(id) };
  return typeof params === "string" ? withMeta(params, token) : params.with(withMeta(params.others, token));
};
