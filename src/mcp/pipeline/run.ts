import { type Clock, systemClock } from "../../lib/clock.ts";
import { createHash } from "../../lib/crypto.ts";
import type { Log } from "../../lib/log.ts";
import { seldom } from "../../lib/seldom.ts";
import type { PipelineCache } from "./cache/cache.ts";
import { coalescer } from "./coalesce.ts";
import { completeConfig } from "./config.ts";
import type { Pipeline } from "./models/model.ts";
import { type Ran, ranFrom, textOf, unshaped } from "./ran.ts";
import type { ContentType, StageType } from "./stage.ts";
import { type About, asksLlm, gone, heldBack, hides, type State, type Step, turnOf } from "./turn.ts";

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

  type Ready = { of: ReadonlyMap<string, StageType>; steps: readonly Step[]; leaves: number };
  const known = new WeakMap<Pipeline, Ready>();

  /** Those that there are, with complete configs; what is unknown has no turn. Made once for a pipeline and the stages there are. */
  function readyOf(pipeline: Pipeline): Ready {
    const of = types();
    const found = known.get(pipeline);
    if (found?.of === of) return found;
    const steps = pipeline.stages.flatMap(({ type: name, config }) => {
      const type = of.get(name);
      return type === undefined ? [] : [{ type, config: completeConfig(type, config) }];
    });
    // What hides things goes first: behind it nobody, and no cache, holds what was hidden.
    const inOrder = [...steps.filter(hides), ...steps.filter((step) => !hides(step))];
    const ready = { of, steps: inOrder, leaves: least(inOrder) };
    known.set(pipeline, ready);
    return ready;
  }
  const stepsOf = (pipeline: Pipeline): readonly Step[] => readyOf(pipeline).steps;

  async function through(steps: readonly Step[], content: string, about: About, signal: AbortSignal): Promise<Ran> {
    const endsAt = performance.now() + bounds.totalMs;
    let state: State = { ...unshaped(content), original: content, trace: [] };
    for (const step of steps) {
      if (state.held) break;
      if (step.type.divides === true && about.contentType === "resource") continue;
      state = await turnOf(step, state, about, { endsAt, stageMs: bounds.stageMs, signal, log });
      const fault = state.trace.at(-1)?.fault;
      if (fault !== undefined && fault !== gone) tell(step.type.name, about, fault);
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

  const hidings = new WeakMap<Pipeline, { of: ReadonlyMap<string, StageType>; pipeline: Pipeline | undefined }>();

  /** What of a pipeline hides things; undefined when nothing does. The same one again, for as long as its stages are the same. */
  function hidingOf(pipeline: Pipeline): Pipeline | undefined {
    const of = types();
    const found = hidings.get(pipeline);
    if (found?.of === of) return found.pipeline;
    const stages = pipeline.stages.filter(({ type }) => of.get(type)?.everywhere === true);
    const hiding = stages.length === 0 ? undefined : { ...pipeline, stages };
    hidings.set(pipeline, { of, pipeline: hiding });
    return hiding;
  }

  const applies = (pipeline: Pipeline, type: ContentType) => pipeline.appliesTo.includes(type);

  return {
    run,
    hidingOf,
    /** A content of at most so many characters is left by every stage: the caller need not even look at it. */
    leavesOf: (pipeline: Pipeline): number => readyOf(pipeline).leaves,
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

/** A content of at most so many characters is left by all of them. */
const least = (steps: readonly Step[]): number =>
  Math.min(Number.POSITIVE_INFINITY, ...steps.map(({ type, config }) => type.leaves?.(config) ?? 0));

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
