import { cut } from "../../../lib/cut.ts";
import * as Type from "../../../lib/type.ts";
import { limiter } from "../../../lib/wait.ts";
import type { SystemTexts } from "../../../resources/system-prompts.ts";
import { defineStage, type Section } from "../stage.ts";
import { asking, lineOf, wordsOf } from "./asking.ts";
import { gist } from "./gist.ts";
import { outline } from "./outline.ts";

const config = Type.Object(
  {
    maxTokens: Type.Integer({
      default: 200,
      minimum: 10,
      maximum: 2_000,
      description: "Tokens of one section's summary, at most",
    }),
    indexTokens: Type.Integer({
      default: 2_000,
      minimum: 100,
      maximum: 100_000,
      description: "Tokens of the whole index; where summaries do not fit it has titles, then ranges of titles",
    }),
    llm: Type.Boolean({ default: true, description: "Ask the project's LLM for the summaries" }),
  },
  { additionalProperties: false },
);
type Config = { maxTokens: number; indexTokens: number };

const charactersPerToken = 4;
/** Shorter ones say nothing. */
const leastTokens = 40;
const atOnce = 4;
/** What an LLM is given to read of one section. */
const longestRead = 24_000;

export const summarizeTree = (texts: SystemTexts) =>
  defineStage({
    name: "summarize-tree",
    description: "Sections that were made before are told in an index of summaries",
    config,
    divides: true,
    costly: true,
    asksLlm: ({ llm }) => llm === true,
    words: () => texts("summarize-section"),
    leaves: () => Number.POSITIVE_INFINITY,
    async run(content, context) {
      const { sections = [] } = context;
      if (sections.length === 0) return { content };
      const { maxTokens, indexTokens } = context.config as Config;
      const head = headOf(sections);
      const room = indexTokens - Math.ceil(head.length / charactersPerToken);
      const { told, tokens } = toldOf(sections, maxTokens, room);
      const llm = asking(context);
      const inTurn = limiter(atOnce, Number.POSITIVE_INFINITY, () => new Error("never full"));
      const summaries = new Map<Section, string>();

      /** What is within it first: a parent is told by what its parts say. */
      async function tell(section: Section): Promise<void> {
        await Promise.all((section.sections ?? []).map(tell));
        if (!told.has(section)) return;
        const { title } = section;
        const asked = () =>
          texts("summarize-section", {
            maxTokens: tokens,
            title,
            content: cut(readOf(section, summaries), longestRead),
          });
        const answer = llm.isPossible()
          ? await inTurn(() =>
              llm.ask(asked(), tokens * 2, (text) => wordsOf(text, tokens * charactersPerToken) || undefined),
            )
          : undefined;
        summaries.set(section, answer ?? cut(gist(section), tokens * charactersPerToken));
      }
      await Promise.all(sections.map(tell));
      const index = outline(sections, room * charactersPerToken, (section) => summaries.get(section));
      return {
        content: head + index,
        sections,
        metadata: { summaries: summaries.size, ...(llm.failed() ? { degraded: true } : {}) },
      };
    },
  });

/** Which sections have room for a summary, and how much each: all of them, or those at the top, or none. Pure. */
function toldOf(sections: readonly Section[], maxTokens: number, indexTokens: number) {
  const all = sections.flatMap(flat);
  for (const told of [all, sections]) {
    const titles = all.reduce((sum, { title }) => sum + title.length + 30, 0) / charactersPerToken;
    const tokens = Math.min(maxTokens, Math.floor((indexTokens - titles) / told.length));
    if (tokens >= Math.min(leastTokens, maxTokens)) return { told: new Set(told), tokens };
  }
  return { told: new Set<Section>(), tokens: 0 };
}

/** First, so that nobody takes the list for the text: a small model has decided what it reads before it comes to the end. */
function headOf(sections: readonly Section[]): string {
  const length = sections.reduce((sum, { content }) => sum + content.length, 0).toLocaleString("en-US");
  return `This is the index of ${length} characters in ${sections.length} section${sections.length === 1 ? "" : "s"}:\n\n`;
}

const flat = (section: Section): Section[] => [section, ...(section.sections ?? []).flatMap(flat)];

const readOf = ({ content, sections = [] }: Section, summaries: ReadonlyMap<Section, string>): string =>
  sections.length > 0 && sections.every((inner) => summaries.has(inner))
    ? sections.map((inner) => `${lineOf(inner.title, 120)}: ${summaries.get(inner)}`).join("\n")
    : content;
