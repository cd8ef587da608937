import type { Ending } from "../../lib/ending.ts";
import { sleep } from "../../lib/wait.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import { type Params, withOthers } from "../params.ts";
import type { Peer } from "../peer.ts";
import { codes } from "../protocol.ts";
import { eachMember, membersOf, memberText, withMembers } from "../spans.ts";
import { askable, withoutToken } from "./asks.ts";
import { callerLeft, unavailable } from "./failures.ts";
import { limits, type RequestOptions } from "./upstream.ts";

const mostRounds = 10;
const mostQuestions = 32;
const firstWaitMs = 250;

/** Whether it is for us to have it answered: a client that knows such results gets them as they are. */
export const asksClient = (outcome: Outcome, peer: Peer | undefined): boolean =>
  "result" in outcome && outcome.type === "input_required" && peer?.takesInput !== true;

/**
 * A request whose server answered `input_required` (reference/protocol.md §1.7): the client is asked in the server's place, and the request goes out
 * anew with the answers.
 */
export async function answeredByClient(
  params: Params,
  { peer, ending }: RequestOptions,
  asked: Outcome,
  once: (params: Params) => Promise<Outcome>,
): Promise<Outcome> {
  let outcome = asked;
  for (let round = 0; "result" in outcome && outcome.type === "input_required"; round++) {
    if (peer === undefined)
      return errorOutcome(codes.internal, "the server asks for what no client is there to answer");
    if (round === mostRounds) return errorOutcome(codes.internal, `the server asked more than ${mostRounds} times`);
    const members = membersOf(outcome.result);
    const questions = memberText(outcome.result, members, "inputRequests");
    const answers = await answersTo(questions, peer, ending);
    if ("error" in answers) return answers;
    // A result with a state alone means: later.
    if (answers.result === "{}") await sleep(Math.min(firstWaitMs * 2 ** round, 5_000), ending?.signal);
    if (ending?.hasEnded === true) throw unavailable(callerLeft);
    outcome = await once(
      withOthers(params, {
        inputResponses: answers.result === "{}" ? undefined : answers.result,
        requestState: memberText(outcome.result, members, "requestState"),
      }),
    );
  }
  return outcome;
}

type Answers = { result: string } | { error: string };

/** All of them asked at once; the text of `inputResponses`, or the first error. */
async function answersTo(questions: string | undefined, peer: Peer, ending: Ending | undefined): Promise<Answers> {
  if (questions?.startsWith("{") !== true) return { result: "{}" };
  const asked = eachMember(questions);
  if (asked.length > mostQuestions) return errorOutcome(codes.internal, "the server asks too much at once") as Answers;
  const over = new AbortController();
  const end = () => over.abort();
  const stop = ending?.onEnd(end);
  try {
    const answers = await Promise.race([
      Promise.all(asked.map(({ start, end }) => answerTo(questions.slice(start, end), peer, over.signal))),
      sleep(limits.askMs, over.signal),
    ]);
    if (answers === undefined)
      throw unavailable(ending?.hasEnded === true ? callerLeft : "the client did not answer in time");
    const failed = answers.find((answer) => "error" in answer);
    if (failed !== undefined && "error" in failed) return { error: failed.error };
    const parts = answers.map(
      (answer, n) => `${JSON.stringify(asked[n]?.key)}:${"result" in answer ? answer.result : ""}`,
    );
    return { result: `{${parts.join(",")}}` };
  } finally {
    end();
    stop?.();
  }
}

async function answerTo(question: string, peer: Peer, signal: AbortSignal): Promise<Outcome> {
  const members = membersOf(question);
  const method: unknown = JSON.parse(memberText(question, members, "method") ?? "null");
  const params = memberText(question, members, "params") ?? "{}";
  if (typeof method !== "string" || !askable.has(method) || !params.startsWith("{"))
    return errorOutcome(codes.internal, "the server asks for something that no client can be asked for");
  return await peer.ask(method, withElicitationId(withoutToken(params)), signal);
}

/** A legacy client tells by this id which of its pages is done; the modern era has no such id, so one is made. */
function withElicitationId(params: string): string {
  const members = membersOf(params);
  const isPage = memberText(params, members, "mode") === '"url"';
  if (!isPage || memberText(params, members, "elicitationId") !== undefined) return params;
  return withMembers(params, { elicitationId: JSON.stringify(crypto.randomUUID()) });
}
