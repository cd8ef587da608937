import { shareOfTurn } from "../../../lib/share.ts";
import * as Type from "../../../lib/type.ts";
import type { Span } from "../../spans.ts";
import { defineStage, type Section } from "../stage.ts";
import { byShape, type Finder, spanList } from "./hide/finder.ts";
import { longestMatch, patternFault } from "./hide/patterns.ts";
import { cards, emails } from "./hide/people.ts";
import { secretFinders } from "./hide/secrets.ts";

const config = Type.Object(
  {
    secrets: Type.Boolean({ default: true, description: "Tokens, private keys, and values of passwords and keys" }),
    email: Type.Boolean({ default: true, description: "E-mail addresses" }),
    cards: Type.Boolean({ default: true, description: "Payment card numbers" }),
    patterns: Type.Array(Type.String({ minLength: 1, maxLength: 500 }), {
      default: [],
      maxItems: 20,
      description: "Regular expressions of what else is hidden, each repetition with a bound: EMP-\\d{4,8}",
    }),
  },
  { additionalProperties: false },
);
type Config = { secrets: boolean; email: boolean; cards: boolean; patterns: string[] };

/** So much is looked through at once, then all others have their turn; of people's own patterns less, since they cost more. */
const stretch = { ours: 64 * 1024, own: 16 * 1024 } as const;

type Sort = { sign: string; finders: readonly Finder[]; stretch: number };

export const redact = defineStage({
  name: "redact",
  description: "Hides secrets, e-mail addresses and card numbers, wherever they stand",
  config,
  everywhere: true,
  check: (written) =>
    (written as Config).patterns.flatMap((pattern, index) => {
      const message = patternFault(pattern);
      return message === undefined ? [] : [{ path: `/patterns/${index}`, message }];
    }),
  async run(content, { config, sections, signal }) {
    const sorts = sortsOf(config as Config);
    const hide = (text: string) => hidden(text, sorts, signal);
    const within = async (section: Section): Promise<Section> => ({
      ...section,
      title: await hide(section.title),
      content: await hide(section.content),
      ...(section.sections === undefined ? {} : { sections: await inTurn(section.sections, within) }),
    });
    const shaped = await hide(content);
    return sections === undefined ? { content: shaped } : { content: shaped, sections: await inTurn(sections, within) };
  },
});

async function inTurn(sections: readonly Section[], each: (section: Section) => Promise<Section>): Promise<Section[]> {
  const all: Section[] = [];
  for (const section of sections) all.push(await each(section));
  return all;
}

/** @throws Error when a pattern may not be used, so that nothing is given out half hidden */
function sortsOf({ secrets, email, cards: isCards, patterns }: Config): Sort[] {
  const own = patterns.map((pattern) => {
    const fault = patternFault(pattern);
    if (fault !== undefined) throw new Error(`a pattern ${fault}`);
    return byShape(new RegExp(`(?:${pattern})`, "gu"), wholeMatch, longestMatch);
  });
  return [
    ...(secrets ? [{ sign: "[redacted]", finders: secretFinders, stretch: stretch.ours }] : []),
    ...(isCards ? [{ sign: "[card number]", finders: [cards], stretch: stretch.ours }] : []),
    ...(email ? [{ sign: "[e-mail]", finders: [emails], stretch: stretch.ours }] : []),
    ...(own.length > 0 ? [{ sign: "[redacted]", finders: own, stretch: stretch.own }] : []),
  ];
}

const wholeMatch = (match: RegExpExecArray): Span => ({ start: match.index, end: match.index + match[0].length });

async function hidden(text: string, sorts: readonly Sort[], signal: AbortSignal): Promise<string> {
  let rest = text;
  const spent = shareOfTurn();
  for (const { sign, finders, stretch } of sorts) {
    const spans = spanList();
    for (let from = 0; from < rest.length; from += stretch) {
      const to = Math.min(rest.length, from + stretch);
      const found: Span[] = [];
      for (const find of finders) {
        for (const span of find(rest, from, to)) found.push(span);
        await spent();
      }
      for (const span of found.sort((a, b) => a.start - b.start)) spans.add(span);
      signal.throwIfAborted();
    }
    rest = without(rest, spans.all, sign);
  }
  return rest;
}

function without(text: string, spans: readonly Span[], sign: string): string {
  if (spans.length === 0) return text;
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of spans) {
    parts.push(text.slice(at, start), sign);
    at = end;
  }
  return parts.join("") + text.slice(at);
}
