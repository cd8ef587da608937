import type { Outcome } from "../answers.ts";
import * as rpc from "../json-rpc.ts";
import { codes } from "../protocol.ts";
import { type Answerer, askable, createAsks, refusal, unwanted } from "./asks.ts";
import { callAsked, type Heard } from "./attribution.ts";
import type { Patience } from "./patience.ts";
import { limits } from "./upstream.ts";

/** A call under way, as far as its client may be asked something for it. */
export type Asked = Heard & {
  patience: Patience;
  /** Ends what the client is asked for it; there once anything is. */
  questions: AbortController | undefined;
};

/** Whether a server may ask at all, and who answers what belongs to no call; without `onAsk` nobody does. */
export type Questions = { takesAsks: boolean; onAsk?: Answerer["ask"] | undefined };

/** Answers what a server asks in one conversation: each question by the client of the call that it belongs to. */
export function createAnswering(
  calls: ReadonlyMap<number, Asked>,
  questions: () => Questions,
  post: (text: string) => Promise<void>,
) {
  const asks = createAsks();
  const closing = new AbortController();
  let underWay = 0;

  async function answer(id: string, method: string, params: string, via: number | undefined): Promise<void> {
    // Over HTTP each answer is a request: a server that asks without end and takes none would use up our sockets.
    if (underWay >= limits.answering) return;
    underWay++;
    try {
      const outcome = await outcomeOf(id, method, params, via);
      if (outcome !== undefined && !closing.signal.aborted) await post(rpc.response(id, outcome));
    } finally {
      underWay--;
    }
  }

  async function outcomeOf(id: string, method: string, params: string, via?: number): Promise<Outcome | undefined> {
    if (method === "ping") return { result: "{}" };
    const { takesAsks, onAsk } = questions();
    if (!askable.has(method) || !takesAsks)
      return refusal(`${method} is not offered through this gateway`, codes.unknownMethod);
    const call = callAsked(calls, via);
    if (call === "unclear") return refusal(`${method} cannot be attributed to one of the calls under way`);
    if (call === "nobody") {
      if (onAsk === undefined) return refusal("There is nobody to ask at this moment");
      return await asks.ask(id, method, params, { ask: onAsk, signal: closing.signal });
    }
    // What begins later has not caused it.
    const causes = via === undefined ? [...calls.values()] : [];
    let outcome = await askWithin(call, id, method, params);
    // Clients call several tools at once. If the call that it was taken to belong to has ended, it was another's.
    while (outcome === unwanted) {
      const next = causes.findLast((cause) => cause.peer !== undefined && calls.get(cause.id) === cause);
      if (next === undefined) break;
      outcome = await askWithin(next, id, method, params);
    }
    return outcome;
  }

  async function askWithin(call: Asked, id: string, method: string, params: string): Promise<Outcome | undefined> {
    const { peer } = call;
    if (peer === undefined) return refusal("This was asked for by no client");
    call.patience.hold();
    call.questions ??= new AbortController();
    try {
      return await asks.ask(id, method, params, {
        ask: (...asked) => peer.ask(...asked),
        signal: call.questions.signal,
      });
    } finally {
      call.patience.release();
    }
  }

  return { answer, takeBack: asks.takeBack, end: () => closing.abort() };
}
