import { findVerb, firstWord, parseWords } from "../src/cli/parse.ts";
import { messageOf } from "../src/lib/problem.ts";

/**
 * The command lines of a shell script, as the words each program is given: enough of a shell for what people copy out of documentation. Quotes,
 * comments, pipes, lists, substitutions, redirections, here-documents and line continuations; what is substituted stands as `…`.
 */
function commandsIn(script: string): string[][] {
  const found: string[][] = [];
  const open: { words: string[]; word: string | undefined; quote: string }[] = [];
  let words: string[] = [];
  let word: string | undefined;
  let quote = "";
  let skipsNext = false;
  let hereEnd: string | undefined;

  const endWord = () => {
    if (word !== undefined && !skipsNext) words.push(word);
    if (word !== undefined) skipsNext = false;
    word = undefined;
  };
  const endCommand = () => {
    endWord();
    if (words.length > 0) found.push(words);
    words = [];
  };
  const descend = () => {
    open.push({ words, word: word ?? "", quote });
    [words, word, quote] = [[], undefined, ""];
  };

  for (let i = 0; i < script.length; i++) {
    const c = script[i] ?? "";
    const two = script.slice(i, i + 2);
    if (quote === "'") {
      if (c === "'") quote = "";
      else word += c;
    } else if (c === "\\") {
      i++;
      if (script[i] !== "\n") word = (word ?? "") + (script[i] ?? "");
    } else if (two === "$(" || (quote === "" && (two === "<(" || two === ">("))) {
      descend();
      i++;
    } else if (quote === '"') {
      if (c === '"') quote = "";
      else word += c;
    } else if (c === "'" || c === '"') {
      quote = c;
      word ??= "";
    } else if (c === "#" && word === undefined) {
      while (i + 1 < script.length && script[i + 1] !== "\n") i++;
    } else if (c === ")" && open.length > 0) {
      endCommand();
      const outer = open.pop();
      [words, word, quote] = [outer?.words ?? [], `${outer?.word ?? ""}…`, outer?.quote ?? ""];
    } else if (two === "<<") {
      hereEnd = /^<<-?\s*['"]?(\w+)/.exec(script.slice(i))?.[1];
      skipsNext = true;
      i++;
    } else if (c === "<" || c === ">") {
      // The descriptor before it, as in 2>, is no word.
      if (word !== undefined && /^\d$/.test(word)) word = undefined;
      endWord();
      skipsNext = true;
      while (script[i + 1] === ">" || script[i + 1] === "&") i++;
    } else if (c === "\n" && hereEnd !== undefined) {
      endCommand();
      const rest = script.slice(i + 1).split("\n");
      const lines = rest.indexOf(hereEnd);
      i += rest.slice(0, lines < 0 ? rest.length : lines + 1).join("\n").length;
      hereEnd = undefined;
    } else if ("\n;|&()".includes(c) || ("{}".includes(c) && word === undefined)) endCommand();
    else if (/\s/.test(c)) endWord();
    else word = (word ?? "") + c;
  }
  endCommand();
  return found;
}

/** Of those the words that mcpctl is given, whatever stands before: variables, `sudo`. */
export function mcpctlCommandsIn(script: string): string[][] {
  return commandsIn(script).flatMap((words) => {
    const at = words.findIndex((word) => !/^[A-Z_]+=/.test(word) && !["sudo", "exec", "time", "watch"].includes(word));
    return /^(.*\/)?mcpctl$/.test(words[at] ?? "") ? [words.slice(at + 1)] : [];
  });
}

/** What the command line would say against these words; undefined when it would run them. A kind in capitals stands for any. */
export async function mistakeIn(words: readonly string[]): Promise<string | undefined> {
  try {
    const { name, verb, left } = findVerb(words[0] === "help" ? words.slice(1) : words);
    if (verb === undefined) return undefined;
    const kind = left[firstWord(left)];
    const wantsHelp = words[0] === "help" || left.some((word) => word === "--help" || word === "-h");
    const more = wantsHelp || (kind !== undefined && /^[A-Z]+$/.test(kind)) ? {} : await verb.flagsFor?.(kind);
    if (!wantsHelp) parseWords(name, verb, { ...verb.flags, ...more }, left);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
