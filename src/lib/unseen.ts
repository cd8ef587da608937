/**
 * Characters that a model reads and a person does not see, or that change what a person sees: zero width, bidirectional controls, tags
 * (U+E0000…), variation selectors, fillers, private use, halves of pairs, control characters. What joins emoji to one picture is none.
 */
const emoji = String.raw`\p{Extended_Pictographic}\p{Emoji_Modifier}?\uFE0F?(?:\u200D\p{Extended_Pictographic}\p{Emoji_Modifier}?\uFE0F?)*`;
const unseen = String.raw`[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u2800\p{Cc}]`;
const any = new RegExp(unseen, "u");
const either = new RegExp(`${emoji}|(${unseen})`, "gu");

const isPlain = (character: string): boolean => character === "\n" || character === "\t" || character === "\r";
const code = (character: string): string => (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");

/** The text with each of them written as `\u{200B}`; line breaks and tabs stay. */
export const escaped = (text: string): string =>
  text.replace(either, (all, hidden?: string) =>
    hidden === undefined || hidden === "\n" || hidden === "\t" ? all : `\\u{${code(hidden)}}`,
  );

/** Which of them stand in a text, as `U+200B`; line breaks and tabs are seen. */
export function unseenIn(text: string): Set<string> {
  const found = new Set<string>();
  if (!any.test(text)) return found;
  for (const [, hidden] of text.matchAll(either))
    if (hidden !== undefined && !isPlain(hidden)) found.add(`U+${code(hidden)}`);
  return found;
}
