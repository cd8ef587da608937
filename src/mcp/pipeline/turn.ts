import type { Log } from "../../lib/log.ts";
import { messageOf } from "../../lib/problem.ts";
import { sleep } from "../../lib/wait.ts";
import type { Llm } from "../../llm/llm.ts";
import type { CacheScope } from "./cache/cache.ts";
import { nonsenseIn } from "./nonsense.ts";
import type { Ran, StageTrace } from "./ran.ts";
import type { ContentType, StageCache, StageContext, StageResult, StageType } from "./stage.ts";

/** What a content is, and for whom it is shaped. */
export type About = {
  contentType: ContentType;
  /** `server/tool`, a URI, or a prompt's name. */
  sourceName: string;
  projectName: string;
  sessionId: string | undefined;
  llm: Llm | undefined;
  /** What stages keep for themselves. */
  cache: StageCache;
  /** Whose what the whole pipeline made is. */
  scope: CacheScope;
  /** Fires when nobody waits any more. */
  signal: AbortSignal;
};

/** A stage of a pipeline, with its whole config. */
export type Step = { type: StageType; config: Readonly<Record<string, unknown>> };

/** What stages have made of a content so far. `original` is what came in, as far as nothing is hidden in it. */
export type State = Omit<Ran, "trace"> & { original: string; trace: StageTrace[] };
/** `endsAt` is the end of all turns, on the clock of `performance.now()`. */
type Bounds = { endsAt: number; stageMs: number; signal: AbortSignal; log: Log };

export const gone = "nobody waits any more";
export const hides = ({ type }: Step): boolean => type.everywhere === true;

export const asksLlm = ({ type, config }: Step, about: About): boolean =>
  about.llm?.available() === true && (type.source === "local" || type.asksLlm?.(config) === true);

/** One guess for all traces, good to a third for English and JSON. */
const tokensIn = (characters: number): number => Math.ceil(characters / 4);

/** Never rejects: why a stage was skipped stands in its trace. `signal` fires when nobody waits, and the stage's own context then too. */
export async function turnOf(step: Step, state: State, about: About, { endsAt, stageMs, signal, log }: Bounds) {
  const startedAt = performance.now();
  const { type, config } = step;
  const over = new AbortController();
  const stageSignal = AbortSignal.any([signal, over.signal]);
  const left = endsAt - startedAt;
  // One that hides things is not hurried: without it nothing may be given.
  const hasTime = type.everywhere === true || asksLlm(step, about);
  const ms = Math.max(0, hasTime ? left : Math.min(left, stageMs));
  const context: StageContext = {
    contentType: about.contentType,
    sourceName: about.sourceName,
    projectName: about.projectName,
    sessionId: about.sessionId,
    originalContent: state.original,
    sections: state.sections,
    llm: about.llm,
    cache: about.cache,
    log,
    config,
    signal: stageSignal,
  };
  const outcome = await Promise.race([
    answerOf(type, state.content, context),
    sleep(ms, stageSignal).then(() => ({
      fault: signal.aborted ? gone : `it took longer than ${Math.round(ms)} ms`,
    })),
  ]);
  over.abort();
  const fault = "fault" in outcome ? outcome.fault : faultOf(outcome.answer, state, about);
  const answer = fault === undefined && "answer" in outcome ? (outcome.answer as StageResult) : undefined;
  return stateAfter(state, type, answer, fault, performance.now() - startedAt);
}

/** Whatever it does, within this promise. */
async function answerOf(type: StageType, content: string, context: StageContext) {
  try {
    return { answer: (await type.run(content, context)) as unknown };
  } catch (error) {
    return { fault: messageOf(error) };
  }
}

function faultOf(answer: unknown, { content, sections = [] }: State, { contentType }: About): string | undefined {
  const before = sections.reduce((sum, section) => sum + section.content.length, content.length);
  const fault = nonsenseIn(answer, before);
  if (fault !== undefined) return fault;
  return contentType === "resource" && (answer as StageResult).sections !== undefined
    ? "it made sections of a resource, of which nobody can ask for one"
    : undefined;
}

/** Pure. */
function stateAfter(
  state: State,
  type: StageType,
  answer: StageResult | undefined,
  fault: string | undefined,
  ms: number,
): State {
  const isHeld = fault !== undefined && type.everywhere === true;
  const content = isHeld ? heldBack(type.name) : (answer?.content ?? state.content);
  const sections = isHeld ? undefined : (answer?.sections ?? state.sections);
  const degraded = answer?.metadata?.["degraded"] === true;
  const trace: StageTrace = {
    stage: type.name,
    ms,
    before: state.content.length,
    after: content.length,
    tokensBefore: tokensIn(state.content.length),
    tokensAfter: tokensIn(content.length),
    sections: sections?.length ?? 0,
    cached: false,
    ...(degraded ? { degraded } : {}),
    ...(fault === undefined ? {} : { fault }),
    ...(answer?.metadata === undefined ? {} : { metadata: answer.metadata }),
  };
  return {
    original: type.everywhere === true ? content : state.original,
    content,
    sections,
    whole: state.sections === undefined ? (sections === undefined ? content : state.content) : state.whole,
    by: answer?.by ?? state.by,
    trace: [...state.trace, trace],
    degraded: state.degraded || degraded,
    held: isHeld,
  };
}

export const heldBack = (stage: string) =>
  `This was held back: the stage "${stage}", which hides what must not be seen, could not look through it. The log of mcpctl says why.`;
