import { parsedJson } from "../../lib/json.ts";
import { isObject } from "../../lib/object.ts";
import { nonsenseIn } from "./nonsense.ts";
import type { Section } from "./stage.ts";

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

/** As it came. */
export const unshaped = (content: string): Ran => ({
  content,
  sections: undefined,
  by: "section",
  whole: content,
  trace: [],
  degraded: false,
  held: false,
});

/** As it is kept; a content that stayed as it was is not kept a second time. */
export const textOf = ({ content, sections, by, whole, trace }: Ran, original: string): string =>
  JSON.stringify({
    ...(content === original ? {} : { content }),
    ...(whole === original ? {} : { whole }),
    sections,
    by,
    trace,
  });

/** Undefined for what is not kept, or is damaged. */
export function ranFrom(text: string | undefined, original: string): Ran | undefined {
  const value = text === undefined ? undefined : parsedJson(text);
  if (!isObject(value)) return undefined;
  const { content = original, whole = original, sections, by, trace } = value as Partial<Ran>;
  const isSense = nonsenseIn({ content, sections, by }, Number.POSITIVE_INFINITY) === undefined;
  if (!isSense || typeof whole !== "string" || !Array.isArray(trace)) return undefined;
  const found = (trace as readonly StageTrace[]).map((one) => ({ ...one, ms: 0, cached: true }));
  return { ...unshaped(content), sections, by: by ?? "section", whole, trace: found };
}
