/** What a model said; `used` are tokens, as far as it tells. */
export type Said = { text: string; used: { prompt: number; completion: number } };
/** Or why there is nothing that may be read. */
export type Reading = Said | { why: string };

type Parts = {
  content: string;
  /** What it thought, where its server tells that apart. */
  reasoning: string;
  hasToolCalls: boolean;
  /** It came to the bound on tokens. */
  isCut: boolean;
  used: Said["used"];
};

/** Stands at the end of what was cut, so that nobody takes it for all there is. */
const cutMark = "…";

/** What it said without what it thought; the thoughts when that is all there is. A call of a tool is nothing to read, and never carried out. */
export function readingOf({ content, reasoning, hasToolCalls, isCut, used }: Parts): Reading {
  if (hasToolCalls) return { why: "it answered with calls of tools, which it was not given" };
  const { said, thought } = apart(content);
  const text = said || reasoning.trim() || thought;
  if (text === "") return { why: "its answer is empty" };
  return { text: isCut ? text + cutMark : text, used };
}

/** Thoughts in the midst of the content. Templates often begin them in the prompt, so that only their end is in the answer. */
function apart(content: string): { said: string; thought: string } {
  const thoughts: string[] = [];
  const take = (_: string, thought: string): string => {
    thoughts.push(thought.trim());
    return "";
  };
  const said = content
    .replace(/<think>([\s\S]*?)(?:<\/think>|$)/g, take)
    .replace(/^([\s\S]*?)<\/think>/, take)
    .trim();
  return { said, thought: thoughts.join("\n").trim() };
}

/** Text that is a string, or a list of parts of which some are text. */
export const textIn = (content: unknown): string =>
  typeof content === "string"
    ? content
    : Array.isArray(content)
      ? content.map((part) => (typeof part?.text === "string" ? part.text : "")).join("")
      : "";

export const countIn = (value: unknown): number =>
  Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : 0;
