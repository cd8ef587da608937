/**
 * Text from outside, made harmless for a terminal: names, descriptions and log lines of servers may hold escape codes that move the cursor,
 * change the title or hide what stands before them, and invisible characters that make one name look like another.
 * Line breaks stay where `multiline` asks for them.
 */
export function printable(text: string, multiline = false): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => {
    if (character !== "\n" && character !== "\t") return "\ufffd";
    return multiline ? character : " ";
  });
}
