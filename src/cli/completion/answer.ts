import { type Env, processEnvironment } from "../environment.ts";
import type { Live, Offers } from "./offers.ts";
import { offersFor } from "./offers.ts";
import tree from "./tree.json";
import type { Tree } from "./tree.ts";

/**
 * What `mcpctl __complete CURSOR :WORD…` answers to the scripts beside this file: `:file` or `:folder` where the shell itself knows better, else
 * a word, a tab and what it means on each line. Words come with a colon in front, so that none is empty, which some shells drop, or looks like
 * a flag of ours. Whatever goes wrong, there is nothing to offer.
 */
export async function answer(argv: readonly string[], env: Env = processEnvironment()): Promise<string> {
  const [cursor = "", ...given] = argv;
  if (!/^\d{1,4}$/.test(cursor)) return "";
  const words = given.map((word) => word.slice(1));
  try {
    return written(await offersFor(tree as Tree, { words, cursor: Number(cursor) }, namesFrom(env)));
  } catch {
    return "";
  }
}

/** Reading contexts and speaking HTTP is loaded when somebody is in front of a name. */
const namesFrom =
  (env: Env): Live =>
  async (what, line) =>
    await (await import("./live.ts")).liveNames(env)(what, line);

function written({ words, files }: Offers): string {
  if (files !== undefined) return `:${files}`;
  return words.map(({ word, about }) => (about === "" ? word : `${word}\t${about}`)).join("\n");
}
