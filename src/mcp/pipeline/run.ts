import { createHash } from "node:crypto";
import { type Clock, systemClock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { messageOf } from "../../lib/problem.ts";
import { seldom } from "../../lib/seldom.ts";
import { sleep } from "../../lib/wait.ts";
import type { Llm } from "../../llm/llm.ts";
import type { CacheScope, PipelineCache } from "./cache/cache.ts";
import { coalescer } from "./coalesce.ts";
import { completeConfig } from "./config.ts";
import type { Pipeline } from "./models/model.ts";
import { nonsenseIn } from "./nonsense.ts";
import type { ContentType, Section, StageCache, StageContext, StageResult, StageType } from "./stage.ts";

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

/** One stage's turn, for `proxymodel try`. Sizes are characters of the content, tokens an estimate; a `fault` says why it was skipped. */
export type StageTrace = {
  stage: string;
  ms: number;
  before: number;
  after: number;
  tokensBefore: number;
  tokensAfter: number;
  sections: number;
  cached: boolean;
  degraded?: boolean;
  fault?: string;
  metadata?: Record<string, unknown>;
};

/** What became of a content. Without sections the content is all there is. */
export type Ran = {
  content: string;
  sections: readonly Section[] | undefined;
  by: "section" | "page";
  /** What came in sections, before it did: with hidden what is hidden. */
  whole: string;
  trace: readonly StageTrace[];
  /** An LLM was asked and did not help: another time it may, so it is not kept. */
  degraded: boolean;
  /** A stage that hides things failed: the content is a sentence that says so, and nothing else may be given in its place. */
  held: boolean;
};

/** A pipeline ready for one result. */
export type Shaper = {
  /** A text of at most so many characters is left as it is; infinite where the pipeline does nothing at all. */
  leaves: number;
  /** The same of those stages alone that work everywhere. */
  leavesEverywhere: number;
  run: (content: string, stages?: "all" | "everywhere") => Promise<Ran>;
};

export type Deadlines = { stageMs: number; totalMs: number };
const usual: Deadlines = { stageMs: 5_000, totalMs: 60_000 };

/** Shorter ones are made anew sooner than found; of longer ones the copies in memory cost more than the work. */
const kept = { least: 4 * 1024, most: 2 * 1024 * 1024 } as const;
const mostTogether = 256;

/** One guess for all traces, good to a third for English and JSON. */
const tokensIn = (characters: number): number => Math.ceil(characters / 4);

type Step = { type: StageType; config: Readonly<Record<string, unknown>> };

type Options = {
  /** The same map for as long as none of them is another. */
  types: () => ReadonlyMap<string, StageType>;
  cache: PipelineCache;
  log: Log;
  clock?: Clock;
  deadlines?: Partial<Deadlines>;
};

export type Runner = ReturnType<typeof createRunner>;

/** Brings contents through stages. Nothing that a stage does makes it throw. */
export function createRunner({ types, cache, log, clock = systemClock, deadlines = {} }: Options) {
  const bounds = { ...usual, ...deadlines };
  const together = coalescer<Ran>(mostTogether);
  const warn = seldom(log, clock);

  function tell(stage: string, about: About, fault: string): void {
    warn(stage, "a stage was skipped", { stage, source: about.sourceName, project: about.projectName, reason: fault });
  }

  const known = new WeakMap<Pipeline, { of: ReadonlyMap<string, StageType>; steps: readonly Step[] }>();

  /** Those that there are, with complete configs; what is unknown has no turn. */
  function stepsOf(pipeline: Pipeline): readonly Step[] {
    const of = types();
    const found = known.get(pipeline);
    if (found?.of === of) return found.steps;
    const steps = pipeline.stages.flatMap(({ type: name, config }) => {
      const type = of.get(name);
      return type === undefined ? [] : [{ type, config: completeConfig(type, config) }];
    });
    // What hides things goes first: behind it nobody, and no cache, holds what was hidden.
    const inOrder = [...steps.filter(hides), ...steps.filter((step) => !hides(step))];
    known.set(pipeline, { of, steps: inOrder });
    return inOrder;
  }

  async function turnOf(step: Step, state: State, about: About, endsAt: number, signal: AbortSignal): Promise<State> {
    const startedAt = performance.now();
    const { type, config } = step;
    const over = new AbortController();
    const stageSignal = AbortSignal.any([signal, over.signal]);
    const left = endsAt - startedAt;
    // One that hides things is not hurried: without it nothing may be given.
    const hasTime = type.everywhere === true || asksLlm(step, about);
    const ms = Math.max(0, hasTime ? left : Math.min(left, bounds.stageMs));
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
    if (fault !== undefined && fault !== gone) tell(type.name, about, fault);
    const answer = fault === undefined && "answer" in outcome ? (outcome.answer as StageResult) : undefined;
    return stateAfter(state, type, answer, fault, performance.now() - startedAt);
  }

  async function through(steps: readonly Step[], content: string, about: About, signal: AbortSignal): Promise<Ran> {
    const endsAt = performance.now() + bounds.totalMs;
    let state: State = {
      original: content,
      content,
      sections: undefined,
      by: "section",
      whole: content,
      trace: [],
      degraded: false,
      held: false,
    };
    for (const step of steps) {
      if (state.held) break;
      if (step.type.divides === true && about.contentType === "resource") continue;
      state = await turnOf(step, state, about, endsAt, signal);
    }
    const { original: _, ...ran } = state;
    return ran;
  }

  async function keptThrough(steps: readonly Step[], content: string, about: About): Promise<Ran | undefined> {
    const key = keyOf(steps, content, about);
    return together(JSON.stringify([about.scope, key]), about.signal, async (signal) => {
      const found = ranFrom(await cache.get(about.scope, key), content);
      if (found !== undefined) return found;
      const ran = await through(steps, content, about, signal);
      if (!ran.degraded && ran.trace.every(({ fault }) => fault === undefined))
        cache.put(about.scope, key, textOf(ran, content));
      return ran;
    });
  }

  async function run(
    pipeline: Pipeline,
    content: string,
    about: About,
    stages: "all" | "everywhere" = "all",
  ): Promise<Ran> {
    const steps = stepsOf(pipeline).filter(({ type }) => stages === "all" || type.everywhere === true);
    const isWorthKeeping =
      pipeline.cacheable &&
      content.length >= kept.least &&
      content.length <= kept.most &&
      steps.some(({ type }) => type.costly === true || type.source === "local");
    if (!isWorthKeeping) return through(steps, content, about, about.signal);
    const ran = await keptThrough(steps, content, about);
    if (ran !== undefined) return ran;
    const hiding = steps.find(hides);
    return hiding === undefined ? unshaped(content) : { ...unshaped(heldBack(hiding.type.name)), held: true };
  }

  const least = (steps: readonly Step[]): number =>
    Math.min(Number.POSITIVE_INFINITY, ...steps.map(({ type, config }) => type.leaves?.(config) ?? 0));

  const applies = (pipeline: Pipeline, type: ContentType) => pipeline.appliesTo.includes(type);

  return {
    run,
    /** A content of at most so many characters is left by every stage: the caller need not even look at it. */
    leavesOf: (pipeline: Pipeline): number => least(stepsOf(pipeline)),
    /** For `shapeResult`. */
    shaper(pipeline: Pipeline, about: About): Shaper {
      const steps = applies(pipeline, about.contentType) ? stepsOf(pipeline) : [];
      return {
        leaves: least(steps),
        leavesEverywhere: least(steps.filter(({ type }) => type.everywhere === true)),
        run: (content, stages) => run(pipeline, content, about, stages),
      };
    },
  };
}

type State = Omit<Ran, "trace"> & { original: string; trace: StageTrace[] };
const gone = "nobody waits any more";
const hides = ({ type }: Step): boolean => type.everywhere === true;

const asksLlm = ({ type, config }: Step, about: About): boolean =>
  about.llm?.available() === true && (type.source === "local" || type.asksLlm?.(config) === true);

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

const heldBack = (stage: string) =>
  `This was held back: the stage "${stage}", which hides what must not be seen, could not look through it. The log of mcpctl says why.`;

const unshaped = (content: string): Ran => ({
  content,
  sections: undefined,
  by: "section",
  whole: content,
  trace: [],
  degraded: false,
  held: false,
});

function keyOf(steps: readonly Step[], content: string, about: About): string {
  const asked = steps.some((step) => asksLlm(step, about));
  const isLocal = steps.some(({ type }) => type.source === "local");
  const of = [
    steps.map(({ type, config }) => [type.name, type.source, type.version, config]),
    about.contentType,
    asked ? [about.llm?.identity("fast"), about.llm?.identity("heavy")] : [],
    asked ? steps.map(({ type }) => type.words?.()) : [],
    // What a stage of ours makes does not depend on it.
    isLocal ? about.sourceName : "",
  ];
  return createHash("sha256").update(JSON.stringify(of)).update("\n").update(content).digest("hex");
}

/** As it is kept; a content that stayed as it was is not kept a second time. */
const textOf = ({ content, sections, by, whole, trace }: Ran, original: string): string =>
  JSON.stringify({
    ...(content === original ? {} : { content }),
    ...(whole === original ? {} : { whole }),
    sections,
    by,
    trace,
  });

function ranFrom(text: string | undefined, original: string): Ran | undefined {
  if (text === undefined) return undefined;
  try {
    const { content = original, whole = original, sections, by, trace } = JSON.parse(text) as Ran;
    const isSense = nonsenseIn({ content, sections, by }, Number.POSITIVE_INFINITY) === undefined;
    if (!isSense || typeof whole !== "string" || !Array.isArray(trace)) return undefined;
    return { ...unshaped(content), sections, by, whole, trace: trace.map((one) => ({ ...one, ms: 0, cached: true })) };
  } catch {
    return undefined;
  }
}
