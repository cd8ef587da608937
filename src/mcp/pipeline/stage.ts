import type { TObject } from "@sinclair/typebox";
import type { Log } from "../../lib/log.ts";
import type { FieldError } from "../../lib/problem.ts";
import type { Llm } from "../../llm/llm.ts";

export const contentTypes = ["toolResult", "prompt", "resource"] as const;
export type ContentType = (typeof contentTypes)[number];

/** One part of a content that came in parts. `id` is what a client asks for: `3`, or `3.2` within it. */
export type Section = { id: string; title: string; content: string; sections?: readonly Section[] };

/**
 * What a stage makes of a text. With `sections` the text is their index; `by` says whether clients ask for one as `_section` or as `_page`.
 * `metadata` is shown by `proxymodel try` and nowhere else.
 */
export type StageResult = {
  content: string;
  sections?: readonly Section[];
  by?: "section" | "page";
  metadata?: Record<string, unknown>;
};

export type StageContext = {
  contentType: ContentType;
  /** What it is the content of: `server/tool`, a URI, or a prompt's name. */
  sourceName: string;
  projectName: string;
  /** A legacy session's id; undefined for clients without one. Whoever uses it must not be cached. */
  sessionId: string | undefined;
  /** Before any stage. */
  originalContent: string;
  /** Those of the stages before, if they made any. */
  sections: readonly Section[] | undefined;
  /** Undefined when the project has none; `available` says whether it is up. Every stage has a way without. */
  llm: Llm | undefined;
  /** Of this project's (and where it must be, this caller's) own: what was computed for the same content is not computed again. */
  cache: StageCache;
  log: Log;
  /** Checked against the stage's own schema, with its defaults. */
  config: Readonly<Record<string, unknown>>;
  /** Fires when nobody waits any more, or the stage's time is over. */
  signal: AbortSignal;
};

export type StageCache = {
  hash: (content: string) => string;
  /** `compute` runs once for all who ask at the same time. What it throws is not kept. */
  getOrCompute: (key: string, compute: () => Promise<string>) => Promise<string>;
};

export type Stage = (content: string, context: StageContext) => StageResult | Promise<StageResult>;

/** A kind of stage. Adding one is a file of its own and one line in stages/index.ts. */
export type StageType = {
  name: string;
  description: string;
  source: "built-in" | "local";
  /** Of `config`: closed, every field with a default. A local stage takes any. */
  config: TObject | undefined;
  /** What no schema says of it, such as a pattern that would take for ever. Paths are within the config. */
  check?: (config: Readonly<Record<string, unknown>>) => FieldError[];
  /** Changes with its code: part of every cache key. */
  version: string;
  /** Of a local one: what is wrong with its file now. The version before may still run. */
  fault?: string;
  run: Stage;
  /** A content of at most so many characters is left as it is, so that nobody need look at it. */
  leaves?: (config: Readonly<Record<string, unknown>>) => number;
  /** Whether it also works on what a tool says of its failure, and on structured content: none may slip through a stage that hides things. */
  everywhere?: boolean;
  /** Whether it gives a content out in parts: never a resource's, since nobody could ask for them there. */
  divides?: boolean;
  /** Whether it takes so long that what it made is worth keeping. A local one does. */
  costly?: boolean;
  /** Whether it asks an LLM when there is one: then it has more time, and another LLM's work is not taken for this one's. A local one may. */
  asksLlm?: (config: Readonly<Record<string, unknown>>) => boolean;
  /** What it asks in: in other words is another question. */
  words?: () => string;
};

export const defineStage = (stage: Omit<StageType, "source" | "version">): StageType => ({
  ...stage,
  source: "built-in",
  version: "1",
});
