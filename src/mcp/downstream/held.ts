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
/** What of the client's side differs by era and by round. */
export type Half = Pick<Peer, "notify" | "ask" | "takesInput" | "pause">;
/** Sends the call to its server. `input` is what goes along when the server itself asked: members of the parameters, as JSON text. */
export type Send = (peer: Half, ending: Ending, input: Input) => Promise<Outcome>;
type Input = Readonly<Record<string, string>> | undefined;

type Question = { method: string; params: string; answer: (outcome: Outcome) => void };
type Ended = { outcome: Outcome } | { error: unknown };
type Ask = (call: Call, ...asked: Parameters<Peer["ask"]>) => Promise<Outcome>;

/** A call from its first round to its end: nearly always its only one, in which nothing is asked. */
class Call implements Half {
  readonly key: CallKey;
  readonly cancel = new Ending();
  readonly takesInput = true;
  readonly #ask: Ask;
  /** Given once it asks something. */
  id = "";
  asked = 0;
  questions: Map<string, Question> | undefined;
  round: Round | undefined;
  ended: Ended | undefined;
  /** The state that may go on with it; another round's does not. */
  nonce = "";
  timer: Timer | undefined;
  #stop: (() => void) | undefined;
  #answer: PromiseWithResolvers<Outcome> | undefined;

  constructor(key: CallKey, ask: Ask) {
    this.key = key;
    this.#ask = ask;
  }

  /** A round of the client begins, which waits for what is answered. */
  begin(round: Round, onGone: () => void): Promise<Outcome> {
    this.nonce = "";
    this.round = round;
    this.#answer = Promise.withResolvers<Outcome>();
    const { promise } = this.#answer;
    this.#stop = round.gone.onEnd(onGone);
    return promise;
  }

  /** The round ends; the call may go on. */
  tell(ended: Ended): void {
    if (this.round === undefined) return;
    this.round = undefined;
    this.#stop?.();
    if ("outcome" in ended) this.#answer?.resolve(ended.outcome);
    else this.#answer?.reject(ended.error);
  }

  notify(method: string, params: string): void {
    this.round?.notify(method, params);
  }

  ask(method: string, params: string, unwanted: AbortSignal): Promise<Outcome> {
    return this.#ask(this, method, params, unwanted);
  }
}

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

  function start(key: CallKey, round: Round, send: Send, input: Input): Promise<Outcome> {
    const call = new Call(key, ask);
    const answer = begin(call, round);
    send(call, call.cancel, input).then(
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
    const answer = begin(call, round);
    for (const [key, question] of call.questions ?? []) {
      const result = memberText(given, members, key);
      if (result?.startsWith("{") !== true) continue;
      call.questions?.delete(key);
      question.answer({ result });
    }
    if (asksAnything(call)) askSoon(call);
    return answer;
  }

  function begin(call: Call, round: Round): Promise<Outcome> {
    const answer = call.begin(round, () => drop(call, "the caller went away"));
    if (round.gone.hasEnded) return answer;
    if (call.ended !== undefined) settle(call, call.ended);
    else if (asksAnything(call)) askSoon(call);
    return answer;
  }

  function ask(call: Call, method: string, params: string, unwanted: AbortSignal): Promise<Outcome> {
    if (call.id === "") call.id = randomBytes(12).toString("base64url");
    const others = [...calls.values()].filter(({ key }) => key.subject === call.key.subject).length;
    if (!calls.has(call.id) && (calls.size >= mostHeld || others >= mostOfOne))
      return Promise.reject(new Problem("unavailable", "Too many calls wait for an answer already"));
    calls.set(call.id, call);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const kind = method.split("/")[0] ?? "input";
    const name = `${kind}_${++call.asked}`;
    const questions = call.questions ?? new Map<string, Question>();
    call.questions = questions;
    questions.set(name, { method, params, answer: resolve });
    unwanted.addEventListener("abort", () => questions.delete(name), { once: true });
    askSoon(call);
    return promise;
  }

  function askSoon(call: Call): void {
    clearTimeout(call.timer);
    call.timer = setTimeout(() => askNow(call), call.round === undefined ? answerMs : gatherMs);
  }

  /** Ends the round with what is asked; the call itself goes on. Without a round nobody came back in time. */
  function askNow(call: Call): void {
    const { round, questions } = call;
    if (round === undefined) drop(call, "nobody answered in time");
    if (round === undefined || questions === undefined || questions.size === 0) return;
    const requests = [...questions].map(
      ([key, { method, params }]) =>
        `${JSON.stringify(key)}:{"method":${JSON.stringify(method)},"params":${withMembers(params, { elicitationId: undefined })}}`,
    );
    const state = states.give({ held: call.id }, call.key);
    call.nonce = state.nonce;
    call.timer = setTimeout(() => drop(call, "nobody answered in time"), answerMs);
    const result = `{"inputRequests":{${requests.join(",")}},"requestState":${JSON.stringify(state.text)}}`;
    call.tell({ outcome: { type: "input_required", result } });
  }

  function settle(call: Call, ended: Ended): void {
    call.ended = ended;
    clearTimeout(call.timer);
    // The answer came between two rounds: it is kept for the next.
    if (call.round === undefined && calls.has(call.id)) {
      call.timer = setTimeout(() => drop(call, "nobody came back in time"), answerMs);
      return;
    }
    calls.delete(call.id);
    call.tell(ended);
  }

  /** Nobody wants the answer any more: its server is told. */
  function drop(call: Call, why: string): void {
    clearTimeout(call.timer);
    calls.delete(call.id);
    for (const { answer } of call.questions?.values() ?? []) answer(errorOutcome(codes.internal, why));
    call.questions?.clear();
    call.cancel.end();
    call.tell({ error: new Problem("unavailable", why) });
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

const asksAnything = ({ questions }: Call): boolean => questions !== undefined && questions.size > 0;

function inputOf(responses: string | undefined, upstream: string | null | undefined): Input {
  if (responses === undefined && typeof upstream !== "string") return undefined;
  return {
    ...(responses === undefined ? {} : { inputResponses: responses }),
    ...(typeof upstream === "string" ? { requestState: JSON.stringify(upstream) } : {}),
  };
}
