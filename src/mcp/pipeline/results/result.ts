import { eachMember, type Member, type Span, withMembers } from "../../spans.ts";
import type { Parts } from "../cache/cache.ts";
import { decoded, encoded } from "../json/string.ts";
import type { Ran } from "../ran.ts";
import type { Shaper } from "../run.ts";
import type { ContentType } from "../stage.ts";
import { footerOf } from "./footer.ts";
import { structuredEdits } from "./structured.ts";
import { textsIn, type Unit } from "./texts.ts";

export type Shaping = {
  type: ContentType;
  /** The result's JSON text; it has been through JSON.parse before. */
  result: string;
  shaper: Shaper;
  /** Keeps what came in parts, and answers the id that they are asked for by. */
  keep: (parts: Parts) => string;
};

export type Edit = Span & { text: string };
/** A stage that hides things could not: nothing of the result may be given. */
export type Held = { held: string };

/**
 * Brings the texts of a result through a pipeline; all else stays byte for byte. What a tool says of its failure, and structured content, goes only
 * through the stages that work everywhere; beside an index it is left out. Where nothing changed it is the very same string.
 */
export async function shapeResult(shaping: Shaping): Promise<string> {
  const { type, result, shaper } = shaping;
  if (result.length <= shaper.leaves) return result;
  const members = eachMember(result);
  const isFailure = members.some(({ key, start, end }) => key === "isError" && result.slice(start, end) === "true");
  const leaves = isFailure ? shaper.leavesEverywhere : shaper.leaves;
  const edits: Edit[] = [];
  let isDivided = false;
  const keep = (parts: Parts): string => {
    isDivided = true;
    return shaping.keep(parts);
  };
  if (result.length > leaves)
    for (const unit of textsIn(type, result, members)) {
      const found = await editsOf(unit, { ...shaping, keep }, isFailure ? "everywhere" : "all", leaves);
      if ("held" in found) return heldResult(type, result, members, found.held);
      edits.push(...found);
    }
  // The same at full length, most often: clients that prefer it would give their model all of it.
  if (type === "toolResult" && isDivided) return withMembers(spliced(result, edits), { structuredContent: undefined });
  if (type === "toolResult" && result.length > shaper.leavesEverywhere) {
    const found = await structuredEdits(result, members, shaper);
    if ("held" in found) return heldResult(type, result, members, found.held);
    edits.push(...found);
  }
  return edits.length === 0 ? result : spliced(result, edits);
}

async function editsOf(
  { strings, surplus }: Unit,
  { type, result, shaper, keep }: Shaping,
  stages: "all" | "everywhere",
  leaves: number,
): Promise<Edit[] | Held> {
  const [first] = strings;
  // As JSON a text is never shorter than it is.
  if (first === undefined || strings.reduce((sum, { start, end }) => sum + end - start, 0) <= leaves) return [];
  const texts: string[] = [];
  for (const string of strings) texts.push(await decoded(result, string));
  const content = texts.length === 1 ? (texts[0] ?? "") : texts.join("\n");
  const ran = await shaper.run(content, stages);
  if (ran.held) return { held: ran.content };
  const shaped = withFooter(type, ran, keep);
  if (shaped === content) return [];
  return [
    { start: first.start, end: first.end, text: await encoded(shaped) },
    ...(surplus === undefined ? [] : [{ ...surplus, text: "" }]),
  ];
}

function withFooter(type: ContentType, ran: Ran, keep: Shaping["keep"]): string {
  const { content, sections = [], by, whole } = ran;
  if (sections.length === 0) return content;
  const id = keep({ original: whole, sections, by });
  return `${content.trimEnd()}\n\n${footerOf(type, id, sections, by)}`;
}

/** In their order in the text; none overlaps another. Pure. */
function spliced(text: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    parts.push(text.slice(at, edit.start), edit.text);
    at = edit.end;
  }
  return parts.join("") + text.slice(at);
}

/** A sentence in the place of all that was answered. */
export function heldResult(type: ContentType, result: string, members: readonly Member[], sentence: string): string {
  const text = JSON.stringify(sentence);
  const block = `{"type":"text","text":${text}}`;
  if (type === "toolResult")
    return withMembers(result, { content: `[${block}]`, structuredContent: undefined, isError: "true" });
  if (type === "prompt") return withMembers(result, { messages: `[{"role":"user","content":${block}}]` });
  const contents = members.find(({ key }) => key === "contents");
  const uri = contents === undefined ? undefined : uriIn(result.slice(contents.start, contents.end));
  return withMembers(result, { contents: `[{"uri":${uri ?? '""'},"text":${text}}]` });
}

const uriIn = (list: string): string | undefined => {
  const uri = eachMember(list, 1).find(({ key }) => key === "uri");
  return uri && list.slice(uri.start, uri.end);
};
