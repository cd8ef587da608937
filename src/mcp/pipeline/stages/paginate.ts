import { shareOfTurn } from "../../../lib/share.ts";
import * as Type from "../../../lib/type.ts";
import type { SystemTexts } from "../../../resources/system-prompts.ts";
import { defineStage, type Section, type StageContext } from "../stage.ts";
import { asking, lineOf } from "./asking.ts";
import { breakAfter } from "./breaks.ts";

const config = Type.Object(
  {
    pageBytes: Type.Integer({
      default: 8_000,
      minimum: 200,
      maximum: 1_000_000,
      description: "Characters of a page; what is not longer stays whole",
    }),
    llm: Type.Boolean({ default: true, description: "Ask the project's LLM for the titles of pages" }),
  },
  { additionalProperties: false },
);
type Config = { pageBytes: number };

/** Of a content of any size; then pages are longer. */
const mostPages = 1_500;
/** An LLM is shown the beginnings of no more. */
const mostTitled = 40;
const beginning = 300;
const titleLength = 80;
/** Of the list of pages. */
const listed = 4_000;

export const paginate = (texts: SystemTexts) =>
  defineStage({
    name: "paginate",
    description: "Long texts come in pages",
    config,
    divides: true,
    costly: true,
    asksLlm: ({ llm }) => llm === true,
    words: () => texts("page-titles"),
    leaves: (written) => (written as Config).pageBytes,
    async run(content, context) {
      const { pageBytes } = context.config as Config;
      if (content.length <= pageBytes || (context.sections?.length ?? 0) > 0) return { content };
      const pages = await pagesOf(content, Math.max(pageBytes, Math.ceil((content.length * 2) / mostPages)));
      const { titles, degraded } = await titlesOf(pages, context, texts);
      const sections: Section[] = pages.map((page, index) => ({
        id: String(index + 1),
        title: titles?.[index] ?? `Page ${index + 1}`,
        content: page,
      }));
      const list = titles === undefined ? plainList(sections, content.length) : titledList(sections);
      return {
        content: `${list}\n\nPage 1 of ${sections.length}:\n\n${pages[0]}`,
        sections,
        by: "page",
        metadata: { pages: pages.length, ...(degraded ? { degraded } : {}) },
      };
    },
  });

async function pagesOf(content: string, size: number): Promise<string[]> {
  const spent = shareOfTurn();
  const pages: string[] = [];
  for (let at = 0; at < content.length; ) {
    const end = breakAfter(content, at, size);
    pages.push(content.slice(at, end));
    at = end;
    await spent();
  }
  return pages;
}

/** Without titles there is nothing to choose by: the number of pages says it all. */
const plainList = (sections: readonly Section[], length: number) =>
  `${count(length)} characters on ${sections.length} pages of up to ${count(longest(sections))} characters.`;

const longest = (sections: readonly Section[]) =>
  sections.reduce((most, { content }) => Math.max(most, content.length), 0);

function titledList(sections: readonly Section[]): string {
  const lines = sections.map(({ id, title, content }) => `${id}. ${title} (${count(content.length)} characters)`);
  let length = 0;
  const shown = lines.filter((line) => {
    length += line.length + 1;
    return length <= listed;
  });
  return [...shown, ...(shown.length < lines.length ? [`… and up to page ${lines.length}`] : [])].join("\n");
}

const count = (number: number): string => number.toLocaleString("en-US");

async function titlesOf(pages: readonly string[], context: StageContext, texts: SystemTexts) {
  const llm = asking(context);
  if (pages.length > mostTitled || !llm.isPossible()) return { titles: undefined, degraded: false };
  const beginnings = pages.map((page, index) => `Page ${index + 1}: ${lineOf(page.slice(0, beginning), beginning)}`);
  const prompt = texts("page-titles", { pageCount: pages.length, pages: beginnings.join("\n") });
  const titles = await llm.ask(prompt, pages.length * 24, (answer) => titlesIn(answer, pages.length));
  return { titles, degraded: titles === undefined };
}

/** One a line, in order; some models number them, whatever they are told. Undefined when they are not as many as the pages. */
function titlesIn(answer: string, count: number): string[] | undefined {
  const titles = answer
    .slice(0, count * 1_000)
    .split("\n")
    .map((line) => lineOf(line.replace(/^\s*(?:page\s+)?(?:\d{1,4}\s*[.):-]|[-*])\s*/i, ""), titleLength))
    .filter((title) => title !== "");
  return titles.length === count ? titles : undefined;
}
