import type { Live, Offers } from "./offers.ts";
import { offersFor } from "./offers.ts";
import { tree } from "./tree.ts";

/** What names are there is loaded when somebody is in front of one: knowing contexts and speaking HTTP costs as much as all the rest. */
const here: Live = async (what, line) => {
  const [{ liveNames }, { processEnvironment }] = await Promise.all([import("./live.ts"), import("../environment.ts")]);
  return await liveNames(processEnvironment())(what, line);
};

/**
 * What `mcpctl __complete CURSOR :WORD…` answers to the scripts beside this file: `:file` or `:folder` where the shell itself knows better, else
 * a word, a tab and what it means on each line. Words come with a colon in front, so that none is empty, which some shells drop, or looks like
 * a flag of ours. Whatever goes wrong, there is nothing to offer.
 */
export async function answer(argv: readonly string[], live = here): Promise<string> {
  const [cursor = "", ...given] = argv;
  if (!/^\d{1,4}$/.test(cursor)) return "";
  const words = given.map((word) => word.slice(1));
  try {
    return written(await offersFor(tree, { words, cursor: Number(cursor) }, live));
  } catch {
    return "";
  }
}

function written({ words, files }: Offers): string {
  if (files !== undefined) return `:${files}`;
  return words.map(({ word, about }) => (about === "" ? word : `${word}\t${about}`)).join("\n");
}
