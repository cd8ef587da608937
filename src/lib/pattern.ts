/**
 * Whether a pattern, in which `*` stands for any run of characters, covers a text. A `*` in the text is a character that only a `*` of the
 * pattern reaches, so this is also whether one pattern holds all that another does. Linear in practice: patterns are no regular expressions,
 * which could be made to run for hours.
 */
export function patternCovers(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resumeAt = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      resumeAt = t;
    } else if (pattern[p] === text[t] && text[t] !== "*") {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resumeAt;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
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
