/**
 * Whether a pattern, in which `*` stands for any run of characters, covers a text. A `*` in the text is a character that only a `*` of the
 * pattern reaches, so this is also whether one pattern holds all that another does. The pieces between stars are looked for one after the
 * other, each where it first stands: no regular expression, which could be made to run for hours, and no character gone through twice in our
 * own code, since a definition may be compared with another of a thousand patterns each.
 */
export function patternCovers(pattern: string, text: string): boolean {
  const pieces = pattern.split("*");
  const [first = "", last = ""] = [pieces.shift(), pieces.pop()];
  if (!pattern.includes("*")) return pattern === text;
  const end = text.length - last.length;
  if (first.length > end || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

/** The same for `server/tool`, part by part: the first slash parts them, and no `*` reaches across it. */
export function toolPatternCovers(pattern: string, tool: string): boolean {
  const [held, given] = [halves(pattern), halves(tool)];
  return held !== undefined && given !== undefined && held.every((part, i) => patternCovers(part, given[i] ?? ""));
}

/** `server/tool` with `*` in either part. */
export const isToolPattern = (text: string): boolean => /^[a-z0-9*-]{1,63}\/[^\s/]\S{0,190}$/.test(text);

/** Whether a tool pattern speaks of tools of this server at all. */
export const patternReachesServer = (pattern: string, server: string): boolean =>
  patternCovers(halves(pattern)?.[0] ?? "", server);

function halves(text: string): [string, string] | undefined {
  const at = text.indexOf("/");
  return at < 0 ? undefined : [text.slice(0, at), text.slice(at + 1)];
}
