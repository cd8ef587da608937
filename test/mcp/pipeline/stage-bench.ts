import fc from "fast-check";
import type { Log } from "../../../src/lib/log.ts";
import type { Llm } from "../../../src/llm/llm.ts";
import type { PipelineCache } from "../../../src/mcp/pipeline/cache/cache.ts";
import type { Pipeline } from "../../../src/mcp/pipeline/models/model.ts";
import { createRunner, type Deadlines } from "../../../src/mcp/pipeline/run.ts";
import { contentTypes, type StageType } from "../../../src/mcp/pipeline/stage.ts";
import { builtInStages } from "../../../src/mcp/pipeline/stages/index.ts";
import type { About } from "../../../src/mcp/pipeline/turn.ts";
import { defaultTexts } from "../../../src/resources/system-prompts.ts";
import { silentLog } from "../../log.ts";

export const pipelineOf = (...stages: (string | [string, Record<string, unknown>])[]): Pipeline => ({
  stages: stages.map((stage) =>
    typeof stage === "string" ? { type: stage, config: {} } : { type: stage[0], config: stage[1] },
  ),
  appliesTo: contentTypes,
  cacheable: true,
});

export const stageOf = (name: string, run: StageType["run"], more: Partial<StageType> = {}): StageType => ({
  name,
  description: "",
  source: "local",
  config: undefined,
  version: "1",
  run,
  ...more,
});

/** A cache of texts in memory, which shows what was put. */
export function memoryCache() {
  const texts = new Map<string, string>();
  const keyOf = (scope: unknown, key: string) => JSON.stringify([scope, key]);
  const cache: PipelineCache = {
    get: async (scope, key) => texts.get(keyOf(scope, key)),
    put: (scope, key, value) => void texts.set(keyOf(scope, key), value),
    stats: async () => ({ entries: texts.size, bytes: 0, mostBytes: 0, hits: 0, misses: 0, evicted: 0 }),
    clear: async () => 0,
    close: async () => {},
  };
  return { cache, texts };
}

/** Answers by a function, and remembers what it was asked. */
export function llmOf(answer: (prompt: string) => string | Promise<string>, isUp = () => true) {
  const asked: string[] = [];
  const llm: Llm = {
    identity: () => "local/test",
    available: isUp,
    complete: async (prompt) => {
      asked.push(prompt);
      return answer(prompt);
    },
    contextTokens: async () => undefined,
  };
  return { llm, asked };
}

export const aboutOf = (more: Partial<About> = {}): About => ({
  contentType: "toolResult",
  sourceName: "files/read",
  projectName: "demo",
  sessionId: undefined,
  llm: undefined,
  cache: { hash: (text) => String(Bun.hash(text)), getOrCompute: (_, compute) => compute() },
  scope: { project: "p1", principal: undefined },
  signal: new AbortController().signal,
  ...more,
});

export function runnerOf(
  options: {
    stages?: StageType[];
    log?: Log;
    deadlines?: Partial<Deadlines>;
    cache?: PipelineCache;
    now?: () => number;
  } = {},
) {
  const types = new Map([
    ...builtInStages(defaultTexts),
    ...(options.stages ?? []).map((stage) => [stage.name, stage] as const),
  ]);
  return createRunner({
    types: () => types,
    cache: options.cache ?? memoryCache().cache,
    log: options.log ?? silentLog,
    ...(options.now === undefined ? {} : { clock: { now: options.now } }),
    ...(options.deadlines === undefined ? {} : { deadlines: options.deadlines }),
  });
}

const odd = [
  ..."abcXYZ019 .,:;/\\\"'`{}[]()<>=@#$%&*-_+!?~|^\n\t\r\0",
  "é",
  "漢",
  "😀",
  "👩‍👩‍👧",
  "e\u0301",
  "\ud800",
  "\udc00",
  "\u2028",
  "\u202e",
];
/** Text of everything that was ever trouble. */
export const oddText = (maxLength: number) =>
  fc.array(fc.constantFrom(...odd), { maxLength }).map((all) => all.join(""));
