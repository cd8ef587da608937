// How often the search of tools finds what somebody wants: `bun bench/tool-search.ts [--all]`, over the corpus in tool-corpus/ and the queries in
// tool-queries.json. Prints the worst of those that were tuned on; `--all` prints every query and its rank.
import { indexOf } from "../src/mcp/budget/bm25.ts";
import { type Query, rankOf, readCorpus, readQueries, recallOf, shownCorpus } from "./tool-corpus/corpus.ts";

const say = (text: string) => process.stdout.write(`${text}\n`);
const [tools, queries] = [shownCorpus(await readCorpus()), await readQueries()];

/** Time of the processor, which other programs on the machine do not lengthen. */
function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
const times = Array.from({ length: 8 }, () => cpuMs(() => indexOf(tools)));
const index = indexOf(tools);
let found: ReturnType<typeof index.search>[] = [];
const rounds = Array.from({ length: 5 }, () =>
  cpuMs(() => {
    found = queries.map(({ query }) => index.search(query, 10));
  }),
);
say(
  `${tools.length} tools, ${queries.length} queries; CPU of an index ${times[0]?.toFixed(0)} ms the first time, ${Math.min(...times).toFixed(0)} ms warm; of a query ${(Math.min(...rounds) / queries.length).toFixed(2)} ms`,
);

const ranks = queries.map((query, at) => rankOf(query, found[at] ?? []));
const of = (set: Query["set"]) => ranks.filter((_, at) => queries[at]?.set === set);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
say(`${"queries".padEnd(22)}${["recall@1", "recall@5", "recall@10", "MRR"].map((head) => head.padStart(11)).join("")}`);
for (const [name, chosen] of [
  ["tuned on", of("tuned")],
  ["held out", of("held")],
  ["written afterwards", of("after")],
  ["all", ranks],
] as const) {
  const { at1, at5, at10, mrr } = recallOf(chosen);
  say(
    `${`${name} (${chosen.length})`.padEnd(22)}${[percent(at1), percent(at5), percent(at10), mrr.toFixed(3)].map((cell) => cell.padStart(11)).join("")}`,
  );
}
const isAll = process.argv.includes("--all");
for (const [at, { query, tools: right, set }] of queries.entries()) {
  const rank = ranks[at] ?? 0;
  if (!isAll && (set !== "tuned" || rank <= 5)) continue;
  say(`\n${Number.isFinite(rank) ? rank : "not among ten"}: ${query}\n  wanted ${right.join(", ")}`);
  say(
    `  found  ${found[at]
      ?.slice(0, 5)
      .map(({ tool }) => tool.name)
      .join(", ")}`,
  );
}
