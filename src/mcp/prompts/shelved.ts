import { linkTarget } from "../../resources/prompt.ts";
import { contentHash } from "../canonical.ts";
import type { LinkState } from "./link-states.ts";
import type { Row } from "./rows.ts";
import type { Shelved } from "./shelf.ts";
import { type Brief, structureOf } from "./structure.ts";

/** What is kept of a text in its place. */
export type Facts = { hash: string; length: number; bytes: number; head: string; structure: Brief };

const longestHead = 2_048;

export const factsOf = (text: string): Facts => ({
  hash: contentHash(text),
  length: text.length,
  bytes: Buffer.byteLength(text),
  head: text.slice(0, longestHead),
  structure: structureOf(text),
});

/** Who said what a prompt is about: whoever wrote it, the project's LLM, or the form of its text. */
export type Origin = "given" | "llm" | "structure";

/** Pure: a prompt in brief, and where that comes from; nothing of a link that was never read. */
function briefOf({ fields }: Row, facts: Facts | undefined, made: Brief | undefined) {
  const known = made ?? facts?.structure;
  const origin: Origin = made === undefined ? "structure" : "llm";
  return {
    summary: fields.summary ?? known?.summary ?? "",
    summaryFrom: fields.summary === undefined ? origin : "given",
    chapters: fields.chapters ?? known?.chapters ?? [],
    chaptersFrom: fields.chapters === undefined ? origin : "given",
  } satisfies Brief & { summaryFrom: Origin; chaptersFrom: Origin };
}

/** Pure. */
export function shelvedOf(row: Row, facts: Facts | undefined, made: Brief | undefined, link: LinkState): Shelved {
  const { id, name, project, fields } = row;
  const { summary, chapters } = briefOf(row, facts, made);
  const { state, reason } = link;
  return {
    id,
    name,
    project,
    priority: fields.priority,
    description: fields.description,
    summary: summary || (fields.description ?? linkedText(fields.link)),
    ...(facts === undefined ? {} : { head: facts.head }),
    chapters,
    bytes: facts?.bytes,
    link:
      fields.link === undefined
        ? undefined
        : { target: fields.link, state, ...(reason === undefined ? {} : { reason }) },
  };
}

const linkedText = (link = "") => `What ${linkTarget(link)?.uri ?? "its link"} says`;

/** Pure: what people are shown of a prompt besides what they wrote. */
export function statusOf(
  row: Row,
  facts: Facts | undefined,
  made: Brief | undefined,
  { state, reason, lookedAt }: LinkState,
) {
  const { summary, summaryFrom, chapters, chaptersFrom } = briefOf(row, facts, made);
  const isKnown = facts !== undefined;
  const link = {
    link: state,
    ...(reason === undefined ? {} : { reason }),
    ...(lookedAt === undefined ? {} : { lookedAt: new Date(lookedAt).toISOString() }),
  };
  return {
    ...(row.fields.link === undefined ? {} : link),
    ...(isKnown ? { bytes: facts.bytes } : {}),
    ...(summaryFrom === "given" || (isKnown && summary !== "") ? { summaryFrom } : {}),
    ...(summaryFrom !== "given" && summary !== "" ? { summary } : {}),
    ...(chapters.length === 0 ? {} : { chaptersFrom }),
    ...(chaptersFrom !== "given" && chapters.length > 0 ? { chapters } : {}),
  };
}
