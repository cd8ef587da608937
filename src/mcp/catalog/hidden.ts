import { unseenIn } from "../../lib/unseen.ts";
import { canonicalJson } from "../canonical.ts";

const mostNamed = 16;

/** Which characters that nobody sees stand in a definition, as `U+200B`, sorted; a few of them, when there are many. */
export function hiddenIn(definition: string): string[] {
  // Most definitions are plain ASCII, and need no closer look.
  if (!/[^ -~\n\r\t]|\\[ubf]/.test(definition)) return [];
  const found = new Set<string>();
  const look = (part: string) => {
    for (const hidden of unseenIn(part)) found.add(hidden);
  };
  try {
    canonicalJson(definition, "", look);
  } catch {
    look(definition);
  }
  return [...found].sort().slice(0, mostNamed);
}
