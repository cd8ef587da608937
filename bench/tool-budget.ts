// From which size on searching costs a model less than the whole list: `bun bench/tool-budget.ts`, over the corpus in tool-corpus/ and the queries in
// tool-queries.json. The model of a session is open: one that needs `k` different tools reads either the whole list once, or the definitions of the
// three search tools once and for each need a search (again as often as the right tool is missing among the hits: 1 / recall), a description and a
// call through call_tool. Answers of the tools themselves are the same in both. Turns are counted too: searching takes three where a list takes one.
import { indexOf } from "../src/mcp/budget/bm25.ts";
import { costOf, costOfAll } from "../src/mcp/budget/cost.ts";
import { ownName } from "../src/mcp/budget/fields.ts";
import { searchTools, shownSearchTools } from "../src/mcp/budget/search-tools.ts";
import { tokensIn } from "../src/mcp/budget/tokens.ts";
import type { PluginContext, Shown } from "../src/mcp/pipeline/plugin.ts";
import { type Query, rankOf, readCorpus, readQueries, shownCorpus } from "./tool-corpus/corpus.ts";

const [all, queries] = [shownCorpus(await readCorpus()), await readQueries()];
const sizes = [5, 10, 15, 20, 25, 30, 40, 60, 80, 160, 320, 640];
const needs = [1, 3, 5, 10, 20];
const trials = 20;
/** Hits of a search, as the tool gives them when nobody says how many. */
const hits = 8;
/** What a model writes around the name and the arguments of a call, and the turn's own marks. */
const perTurn = 12;

/** The same draw for everybody who measures. */
let state = 20_261_130;
const random = (below: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const draw = <T>(from: readonly T[], count: number): T[] => {
  const left = [...from];
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(random(left.length), 1)[0] as T);
};
const byName = new Map(all.map((tool) => [`${tool.server}/${ownName(tool)}`, tool]));
const rightOf = (query: Query): Shown => byName.get(query.tools[0] ?? "") as Shown;
const say = (text: string) => process.stdout.write(`${text}\n`);
const [search, describe] = searchTools;

async function answerOf(
  tool: (typeof searchTools)[number] | undefined,
  args: object,
  tools: readonly Shown[],
): Promise<number> {
  const context = { discover: () => Promise.resolve(tools) } as unknown as PluginContext;
  const result = (await tool?.call(args as Record<string, unknown>, context)) ?? "";
  return tokensIn((JSON.parse(result) as { content: { text: string }[] }).content[0]?.text ?? "");
}

/** Means over lists of one size, each with what five people want of it. */
async function measure(size: number) {
  const sum = { plain: 0, recall: 0, need: 0, asked: 0 };
  for (let trial = 0; trial < trials; trial++) {
    const wanted = draw(queries, 5);
    const right = new Set(wanted.map(rightOf));
    const tools = [
      ...right,
      ...draw(
        all.filter((tool) => !right.has(tool)),
        size - right.size,
      ),
    ];
    const index = indexOf(tools);
    sum.plain += costOfAll(tools);
    for (const query of wanted) {
      const tool = rightOf(query);
      sum.asked++;
      sum.recall += rankOf(query, index.search(query.query, hits)) <= hits ? 1 : 0;
      const searching = tokensIn(query.query) + perTurn + (await answerOf(search, { query: query.query }, tools));
      const describing = tokensIn(tool.name) + perTurn + (await answerOf(describe, { names: [tool.name] }, tools));
      sum.need += searching;
      rest.describing += describing + perTurn;
      rest.asked++;
    }
  }
  const recall = sum.recall / sum.asked;
  const each = sum.need / sum.asked / recall + rest.describing / rest.asked;
  return { size, plain: sum.plain / trials, recall, each };
}
const rest = { describing: 0, asked: 0 };

const definitions = costOfAll(shownSearchTools);
say(
  `the three search tools cost ${definitions} tokens, a tool of the corpus ${Math.round(costOfAll(all) / all.length)} (median ${all.map(costOf).sort((a, b) => a - b)[Math.floor(all.length / 2)]})`,
);
say(
  `${["tools", "plain", "recall@8", "a need", ...needs.map((k) => `k=${k}`)].map((head) => head.padStart(9)).join("")}   tokens; * where searching is cheaper`,
);
const rows: Awaited<ReturnType<typeof measure>>[] = [];
for (const size of sizes) {
  const row = await measure(size);
  rows.push(row);
  const session = needs.map((k) => definitions + k * row.each);
  const cells = [
    String(size),
    row.plain.toFixed(0),
    `${(100 * row.recall).toFixed(0)} %`,
    row.each.toFixed(0),
    ...session.map((cost) => `${cost.toFixed(0)}${cost < row.plain ? "*" : " "}`),
  ];
  say(cells.map((cell) => cell.padStart(9)).join(""));
}
for (const k of needs) {
  const at = rows.findIndex((row) => definitions + k * row.each < row.plain);
  const [before, after] = [rows[at - 1], rows[at]];
  if (before === undefined || after === undefined) continue;
  const gap = (row: typeof after) => row.plain - definitions - k * row.each;
  const share = -gap(before) / (gap(after) - gap(before));
  const [tools, tokens] = (["size", "plain"] as const).map((key) => before[key] + share * (after[key] - before[key]));
  say(
    `a session that needs ${k} tools: searching is cheaper from ${tools?.toFixed(0)} tools, ${tokens?.toFixed(0)} tokens, on; ${3 * k} turns in place of ${k}`,
  );
}
