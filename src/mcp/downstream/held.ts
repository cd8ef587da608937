import { randomBytes } from "../../lib/crypto.ts";
import { Ending } from "../../lib/ending.ts";
import { Problem } from "../../lib/problem.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import { answerMs, type Peer } from "../peer.ts";
import { codes } from "../protocol.ts";
import { memberOf, membersOf, memberText, withMembers } from "../spans.ts";
import type { CallKey, RequestStates } from "./request-state.ts";

/** One request of the client within a call: rounds come one after the other. */
export type Round = { notify: Peer["notify"]; gone: Ending };
/** What the client brought to this round: its `inputResponses` and `requestState` as JSON text. */
export type Brought = { responses: string | undefined; state: unknown };
/** Sends the call to its server. `input` is what goes along when the server itself asked: members of the parameters, as JSON text. */
export type Send = (
  peer: Pick<Peer, "notify" | "ask" | "takesInput" | "pause">,
  ending: Ending,
  input: Record<string, string>,
) => Promise<Outcome>;

type Question = { method: string; params: string; answer: (outcome: Outcome) => void };
type Call = {
  id: string;
  key: CallKey;
  questions: Map<string, Question>;
  round: (Round & { end: (outcome: Outcome) => void; fail: (error: unknown) => void }) | undefined;
  ended: { outcome: Outcome } | { error: unknown } | undefined;
  /** The state that may go on with it; another round's does not. */
  nonce: string;
  cancel: Ending;
  timer: Timer | undefined;
  asked: number;
};

/** Questions that come together are asked together. */
const gatherMs = 15;
const mostHeld = 1_000;
const mostOfOne = 64;

/**
 * Calls of modern clients in which something is asked. A legacy server asks in the middle of the call: the call is held, not repeated, and the
 * client's next request goes on with it. A modern server asks by an answer of its own: then its state goes out sealed within ours.
 */
export type HeldCalls = ReturnType<typeof createHeldCalls>;

export function createHeldCalls(states: RequestStates) {
  const calls = new Map<string, Call>();

  function go(key: CallKey, brought: Brought, round: Round, send: Send): Promise<Outcome> {
    if (brought.state === undefined) return start(key, round, send, inputOf(brought.responses, undefined));
    const carried = states.take(brought.state, key);
    if (carried === undefined) return Promise.resolve(badState());
    if ("upstream" in carried) return start(key, round, send, inputOf(brought.responses, carried.upstream));
    const call = calls.get(carried.held);
    if (call === undefined || call.nonce !== carried.nonce) return Promise.resolve(badState());
    return resume(call, brought.responses, round);
  }

  function start(key: CallKey, round: Round, send: Send, input: Record<string, string>): Promise<Outcome> {
    const call: Call = {
      id: randomBytes(12).toString("base64url"),
      key,
      questions: new Map(),
      round: undefined,
      ended: undefined,
      nonce: "",
      cancel: new Ending(),
      timer: undefined,
      asked: 0,
    };
    const answer = attach(call, round);
    const peer = {
      takesInput: true,
      notify: (method: string, params: string) => call.round?.notify(method, params),
      ask: (method: string, params: string, unwanted: AbortSignal) => ask(call, method, params, unwanted),
    };
    send(peer, call.cancel, input).then(
      (outcome) => settle(call, { outcome: isQuestion(outcome) ? passedOn(outcome, key) : outcome }),
      (error: unknown) => settle(call, { error }),
    );
    return answer;
  }

  /** Goes on with a call: what was asked is answered, and this round waits for what comes next. */
  function resume(call: Call, responses: string | undefined, round: Round): Promise<Outcome> {
    clearTimeout(call.timer);
    const given = responses?.startsWith("{") === true ? responses : "{}";
    const members = membersOf(given);
    const answer = attach(call, round);
    for (const [key, question] of call.questions) {
      const result = memberText(given, members, key);
      if (result?.startsWith("{") !== true) continue;
      call.questions.delete(key);
      question.answer({ result });
    }
    if (call.questions.size > 0) askSoon(call);
    return answer;
  }

  function attach(call: Call, round: Round): Promise<Outcome> {
    call.nonce = "";
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    const onGone = () => drop(call, "the caller went away");
    const detach = () => {
      call.round = undefined;
      stop();
    };
    call.round = {
      ...round,
      end: (outcome) => {
        detach();
        resolve(outcome);
      },
      fail: (error) => {
        detach();
        reject(error);
      },
    };
    const stop = round.gone.onEnd(onGone);
    if (round.gone.hasEnded) return promise;
    if (call.ended !== undefined) settle(call, call.ended);
    else if (call.questions.size > 0) askSoon(call);
    return promise;
  }

  function ask(call: Call, method: string, params: string, unwanted: AbortSignal): Promise<Outcome> {
    const others = [...calls.values()].filter(({ key }) => key.subject === call.key.subject).length;
    if (!calls.has(call.id) && (calls.size >= mostHeld || others >= mostOfOne))
      return Promise.reject(new Problem("unavailable", "Too many calls wait for an answer already"));
    calls.set(call.id, call);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const kind = method.split("/")[0] ?? "input";
    const name = `${kind}_${++call.asked}`;
    call.questions.set(name, { method, params, answer: resolve });
    unwanted.addEventListener("abort", () => call.questions.delete(name), { once: true });
    askSoon(call);
    return promise;
  }

  function askSoon(call: Call): void {
    clearTimeout(call.timer);
    call.timer = setTimeout(() => askNow(call), call.round === undefined ? answerMs : gatherMs);
  }

  /** Ends the round with what is asked; the call itself goes on. Without a round nobody came back in time. */
  function askNow(call: Call): void {
    const { round } = call;
    if (round === undefined) drop(call, "nobody answered in time");
    if (round === undefined || call.questions.size === 0) return;
    const requests = [...call.questions].map(
      ([key, { method, params }]) =>
        `${JSON.stringify(key)}:{"method":${JSON.stringify(method)},"params":${withMembers(params, { elicitationId: undefined })}}`,
    );
    const state = states.give({ held: call.id }, call.key);
    call.nonce = state.nonce;
    call.timer = setTimeout(() => drop(call, "nobody answered in time"), answerMs);
    round.end({
      type: "input_required",
      result: `{"inputRequests":{${requests.join(",")}},"requestState":${JSON.stringify(state.text)}}`,
    });
  }

  function settle(call: Call, ended: NonNullable<Call["ended"]>): void {
    call.ended = ended;
    clearTimeout(call.timer);
    const { round } = call;
    // The answer came between two rounds: it is kept for the next.
    if (round === undefined && calls.has(call.id)) {
      call.timer = setTimeout(() => drop(call, "nobody came back in time"), answerMs);
      return;
    }
    calls.delete(call.id);
    if ("outcome" in ended) round?.end(ended.outcome);
    else round?.fail(ended.error);
  }

  /** Nobody wants the answer any more: its server is told. */
  function drop(call: Call, why: string): void {
    clearTimeout(call.timer);
    calls.delete(call.id);
    for (const { answer } of call.questions.values()) answer(errorOutcome(codes.internal, why));
    call.questions.clear();
    call.cancel.end();
    call.round?.fail(new Problem("unavailable", why));
  }

  /** A modern server's question: its own state goes along within ours. */
  function passedOn(outcome: Extract<Outcome, { result: string }>, key: CallKey): Outcome {
    const state = memberOf(outcome.result, "requestState");
    const upstream = state?.startsWith('"') === true ? (JSON.parse(state) as string) : null;
    const { text } = states.give({ upstream }, key);
    return { ...outcome, result: withMembers(outcome.result, { requestState: JSON.stringify(text) }) };
  }

  return {
    go,
    size: () => calls.size,
    close(): void {
      for (const call of calls.values()) drop(call, "mcpctl is stopping");
    },
  };
}

const isQuestion = (outcome: Outcome): outcome is Extract<Outcome, { result: string }> =>
  "result" in outcome && outcome.type === "input_required";

const badState = () =>
  errorOutcome(
    codes.invalidParams,
    "This requestState is not valid here, or not any more: begin the call again without it",
  );

function inputOf(responses: string | undefined, upstream: string | null | undefined): Record<string, string> {
  return {
    ...(responses === undefined ? {} : { inputResponses: responses }),
    ...(typeof upstream === "string" ? { requestState: JSON.stringify(upstream) } : {}),
  };
}
