import { randomBytes } from "../../lib/crypto.ts";
import { Ending } from "../../lib/ending.ts";
import { Problem } from "../../lib/problem.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import type { Asker } from "../asker.ts";
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
/** What goes along when the server itself asked: members of the parameters, as JSON text. */
export type Input = Readonly<Record<string, string>> | undefined;
/** A round on its way, which is told how it ends. `send` sends the call to its server, whose answer `asker` is told. */
export type Going = CallKey & Asker & { send: (half: Half, ending: Ending, input: Input, asker: Asker) => void };

type Question = { method: string; params: string; answer: (outcome: Outcome) => void };
/** How a call ended: with an outcome, or without any. */
type End = Outcome | Failure;
class Failure {
  readonly why: unknown;

  constructor(why: unknown) {
    this.why = why;
  }
}

type Keeper = {
  ask: (call: Call, ...asked: Parameters<Peer["ask"]>) => Promise<Outcome>;
  settle: (call: Call, end: End) => void;
  drop: (call: Call, why: string) => void;
};

/** A call from its first round to its end: nearly always its only one, in which nothing is asked. */
class Call implements Half, Asker {
  readonly key: CallKey;
  readonly cancel = new Ending();
  readonly takesInput = true;
  readonly #keeper: Keeper;
  /** Given once it asks something. */
  id = "";
  asked = 0;
  questions: Map<string, Question> | undefined;
  round: Round | undefined;
  end: End | undefined;
  /** The state that may go on with it; another round's does not. */
  nonce = "";
  timer: Timer | undefined;
  #asker: Asker | undefined;

  constructor(key: CallKey, keeper: Keeper) {
    this.key = key;
    this.#keeper = keeper;
  }

  /** A round of the client begins, and whoever waits in it is told what is answered. */
  begin(round: Round, asker: Asker): void {
    this.nonce = "";
    this.round = round;
    this.#asker = asker;
    round.gone.add(this);
  }

  /** The round ends; the call may go on. */
  tell(end: End): void {
    if (this.round === undefined) return;
    this.round.gone.remove(this);
    this.round = undefined;
    if (end instanceof Failure) this.#asker?.failed(end.why);
    else this.#asker?.answered(end);
  }

  /** The client of its round has gone. */
  ended(): void {
    this.#keeper.drop(this, "the caller went away");
  }

  answered(outcome: Outcome): void {
    this.#keeper.settle(this, outcome);
  }

  failed(why: unknown): void {
    this.#keeper.settle(this, new Failure(why));
  }

  notify(method: string, params: string): void {
    this.round?.notify(method, params);
  }

  ask(method: string, params: string, unwanted: AbortSignal): Promise<Outcome> {
    return this.#keeper.ask(this, method, params, unwanted);
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
  const keeper: Keeper = {
    ask,
    settle: (call, end) => settle(call, isQuestion(end) ? passedOn(end, call.key) : end),
    drop,
  };

  function go(going: Going, brought: Brought, round: Round): void {
    if (brought.state === undefined) return void start(going, round, inputOf(brought.responses, undefined));
    const carried = states.take(brought.state, going);
    if (carried === undefined) return void going.answered(badState());
    if ("upstream" in carried) return void start(going, round, inputOf(brought.responses, carried.upstream));
    const call = calls.get(carried.held);
    if (call === undefined || call.nonce !== carried.nonce) going.answered(badState());
    else resume(call, brought.responses, round, going);
  }

  function start(going: Going, round: Round, input: Input): void {
    const call = new Call(going, keeper);
    begin(call, round, going);
    going.send(call, call.cancel, input, call);
  }

  /** Goes on with a call: what was asked is answered, and this round waits for what comes next. */
  function resume(call: Call, responses: string | undefined, round: Round, asker: Asker): void {
    clearTimeout(call.timer);
    const given = responses?.startsWith("{") === true ? responses : "{}";
    const members = membersOf(given);
    begin(call, round, asker);
    for (const [key, question] of call.questions ?? []) {
      const result = memberText(given, members, key);
      if (result?.startsWith("{") !== true) continue;
      call.questions?.delete(key);
      question.answer({ result });
    }
    if (asksAnything(call)) askSoon(call);
  }

  function begin(call: Call, round: Round, asker: Asker): void {
    call.begin(round, asker);
    if (round.gone.hasEnded) return;
    if (call.end !== undefined) settle(call, call.end);
    else if (asksAnything(call)) askSoon(call);
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
    call.tell({ type: "input_required", result });
  }

  function settle(call: Call, end: End): void {
    call.end = end;
    clearTimeout(call.timer);
    // The answer came between two rounds: it is kept for the next.
    if (call.round === undefined && calls.has(call.id)) {
      call.timer = setTimeout(() => drop(call, "nobody came back in time"), answerMs);
      return;
    }
    calls.delete(call.id);
    call.tell(end);
  }

  /** Nobody wants the answer any more: its server is told. */
  function drop(call: Call, why: string): void {
    clearTimeout(call.timer);
    calls.delete(call.id);
    for (const { answer } of call.questions?.values() ?? []) answer(errorOutcome(codes.internal, why));
    call.questions?.clear();
    call.cancel.end();
    call.tell(new Failure(new Problem("unavailable", why)));
  }

  /** A modern server's question: its own state goes along within ours. */
  function passedOn(outcome: Extract<Outcome, { result: string }>, key: CallKey): End {
    try {
      const state = memberOf(outcome.result, "requestState");
      const upstream = state?.startsWith('"') === true ? (JSON.parse(state) as string) : null;
      const { text } = states.give({ upstream }, key);
      return { ...outcome, result: withMembers(outcome.result, { requestState: JSON.stringify(text) }) };
    } catch (why) {
      return new Failure(why);
    }
  }

  return {
    go,
    size: () => calls.size,
    close(): void {
      for (const call of calls.values()) drop(call, "mcpctl is stopping");
    },
  };
}

const isQuestion = (end: End): end is Extract<Outcome, { result: string }> =>
  "result" in end && end.type === "input_required";

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
