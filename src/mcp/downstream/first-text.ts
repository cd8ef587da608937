import { type Outcome, textResult } from "../answers.ts";
import { elementsOf, membersOf, memberText, withMembers } from "../spans.ts";

/**
 * A tool's result for a client that reads `content[0].text` and nothing else, as vLLM does (reference/clients.md §2.1): the first block is text, and
 * says all that can be said in text. What was there stays behind it.
 */
export function withFirstText(outcome: Outcome): Outcome {
  if ("error" in outcome) {
    const { message } = JSON.parse(outcome.error) as { message?: unknown };
    // It would fail on the error itself; its model can make something of a text.
    return { result: textResult(String(message), true) };
  }
  const { result } = outcome;
  const members = membersOf(result);
  const content = memberText(result, members, "content") ?? "[]";
  const blocks = content.startsWith("[") ? elementsOf(content).map(({ start, end }) => content.slice(start, end)) : [];
  if (blocks[0] !== undefined && textOf(blocks[0]) !== undefined) return outcome;
  const texts = blocks.flatMap((block) => textOf(block) ?? []);
  const structured = memberText(result, members, "structuredContent");
  const first = texts.length > 0 ? texts.join("\n") : (structured ?? describe(blocks));
  const added = JSON.stringify({ type: "text", text: first });
  return { ...outcome, result: withMembers(result, { content: `[${[added, ...blocks].join(",")}]` }) };
}

function textOf(block: string): string | undefined {
  const { type, text } = blockIn(block);
  return type === "text" && typeof text === "string" ? text : undefined;
}

/** Something rather than nothing: the model is told what it cannot see. */
function describe(blocks: readonly string[]): string {
  if (blocks.length === 0) return "(the tool answered without any content)";
  const kinds = blocks.map((block) => String(blockIn(block).type));
  return `(the tool answered with ${kinds.join(", ")}, which cannot be shown as text)`;
}

/** A server may send `null` for one. */
const blockIn = (text: string) => (JSON.parse(text) ?? {}) as { type?: unknown; text?: unknown };
