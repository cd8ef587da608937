import type { Clock } from "../../lib/clock.ts";
import { parsedJson } from "../../lib/json.ts";
import type { Log } from "../../lib/log.ts";
import { isObject } from "../../lib/object.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { remember } from "../../lib/remember.ts";
import { limiter } from "../../lib/wait.ts";
import type { Llm } from "../../llm/llm.ts";
import type { ProjectFields } from "../../resources/project.ts";
import { defaultTexts, type SystemTexts } from "../../resources/system-prompts.ts";
import { contentHash } from "../canonical.ts";
import type { PipelineCache } from "../pipeline/cache/cache.ts";
import { type Brief, clean, partsOf, structureOf } from "./structure.ts";

export type SummaryOptions = {
  /** The model that a project's prompts are summarised by; undefined when it names none. */
  llmOf?: ((project: ProjectFields) => Llm | undefined) | undefined;
  texts?: SystemTexts | undefined;
  cache?: Pick<PipelineCache, "get" | "put"> | undefined;
  clock: Clock;
  log: Log;
  /** There is another summary to show in this project. */
  made: (projectId: string) => void;
};

export type Place = { id: string; name: string; fields: ProjectFields };

/** What is shorter says itself what it is. */
const shortestText = 600;
const shortestPart = 400;
const mostParts = 12;
/** Of a text, in characters: a small model's context is soon full. */
const longestAsked = 16_000;
const longestAnswer = 300;
const mostTokens = 160;
const mostKnown = 2_000;
const mostWaiting = 200;
const againMs = 5 * 60_000;

/** Summaries by the project's LLM, made behind everybody's back and only ever found finished. */
export function createSummaries({ llmOf, texts = defaultTexts, cache, clock, log, made }: SummaryOptions) {
  const known = new Map<string, { brief: Brief } | { failedAt: number }>();
  const underWay = new Set<string>();
  const closing = new AbortController();
  const inTurn = limiter(1, mostWaiting, () => new Problem("unavailable", "enough summaries wait"));

  const keyOf = (project: Place, hash: string) => `${project.id} ${hash}`;

  async function make(
    project: Place,
    hash: string,
    llm: Llm,
    textOf: () => Promise<string | undefined>,
  ): Promise<void> {
    const key = keyOf(project, hash);
    const scope = { project: project.id, principal: undefined };
    const stored = `prompt-brief ${contentHash(JSON.stringify([hash, llm.identity("fast"), texts("summarize-prompt", {})]))}`;
    const kept = briefIn(await cache?.get(scope, stored));
    const brief = kept ?? (await askedFor(llm, (await textOf()) ?? "", hash));
    if (brief === undefined) return;
    if (kept === undefined) cache?.put(scope, stored, JSON.stringify(brief));
    remember(known, key, { brief }, mostKnown);
    made(project.id);
  }

  /** Undefined when the text is another one by now. */
  async function askedFor(llm: Llm, text: string, hash: string): Promise<Brief | undefined> {
    if (contentHash(text) !== hash) return undefined;
    const ask = async (content: string): Promise<string> => {
      const prompt = texts("summarize-prompt", { content: content.slice(0, longestAsked) });
      const options = { tier: "fast", maxTokens: mostTokens, signal: closing.signal } as const;
      return clean((await llm.complete(prompt, options)).trim().replace(/^["“”']+|["“”']+$/g, ""), longestAnswer);
    };
    const structure = structureOf(text);
    const summary = await ask(text);
    if (summary === "") throw new Problem("unavailable", "the answer is empty");
    const long = new Map(
      partsOf(text)
        .parts.filter(({ body }) => body.length >= shortestPart)
        .slice(0, mostParts)
        .map(({ title, body }) => [title, body]),
    );
    const chapters: { title: string; summary: string }[] = [];
    for (const chapter of structure.chapters) {
      const body = long.get(chapter.title);
      const said = body === undefined ? "" : await ask(`${chapter.title}\n\n${body}`);
      chapters.push(said === "" ? chapter : { ...chapter, summary: said });
    }
    return { summary, chapters };
  }

  return {
    /** What was made of this content for this project, if anything was. */
    of(project: Place, hash: string): Brief | undefined {
      const found = known.get(keyOf(project, hash));
      return found !== undefined && "brief" in found ? found.brief : undefined;
    },
    /** Begins to make one, unless that is under way, done, failed a moment ago, or not worth it. Waits for nothing. */
    want(
      project: Place,
      { hash, length }: { hash: string; length: number },
      textOf: () => Promise<string | undefined>,
    ): void {
      const key = keyOf(project, hash);
      const found = known.get(key);
      const isSettled = found !== undefined && ("brief" in found || clock.now() < found.failedAt + againMs);
      if (isSettled || length < shortestText || underWay.has(key) || closing.signal.aborted) return;
      const llm = llmOf?.(project.fields);
      if (llm?.available("fast") !== true) return;
      underWay.add(key);
      void inTurn(() => make(project, hash, llm, textOf))
        .catch((error: unknown) => {
          remember(known, key, { failedAt: clock.now() }, mostKnown);
          log.info("a prompt was not summarised", { project: project.name, reason: messageOf(error) });
        })
        .finally(() => underWay.delete(key));
    },
    close: () => closing.abort(),
  };
}

function briefIn(text: string | undefined): Brief | undefined {
  const value = parsedJson(text ?? "");
  return isObject(value) && typeof value["summary"] === "string" && Array.isArray(value["chapters"])
    ? (value as Brief)
    : undefined;
}
