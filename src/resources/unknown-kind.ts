import { didYouMean } from "../lib/nearest.ts";
import { Problem } from "../lib/problem.ts";
import { kinds } from "./index.ts";

export function unknownKind(word: string, where = ""): Problem {
  const plurals = kinds.map((kind) => kind.plural);
  const words = kinds.flatMap((kind) => [kind.plural, kind.kind, ...kind.aliases]);
  return new Problem(
    "invalid",
    `${where}there is no kind "${quotable(word)}".${didYouMean(word, words)} Kinds: ${plurals.join(", ")}`,
  );
}

/** What somebody wrote, where it is a word and nothing else. */
export const quotable = (word: string) => (/^[A-Za-z0-9@._/-]{0,64}$/.test(word) ? word : "…");
