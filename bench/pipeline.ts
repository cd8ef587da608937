// What shaping costs: `bun bench/pipeline.ts [--rounds 15] [--pairs 60] [--part serve|parts]`. The part `serve` needs dist/mcpctl (`bun run build`).
// Through serve, a few calls with a pipeline and as many without take turns, a pair after the other, since machines are noisy and what lasts a moment
// is the same for both of a pair: the middle one of their ratios counts, and how surely it is known stands beside it. What is compared is the time
// that serve's threads were at work for a call, which is what bounds its throughput; the clock would tell what else the machine has to do.
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createBudget } from "../src/mcp/budget/budget.ts";
import { searchTools } from "../src/mcp/budget/search-tools.ts";
import { createFileCache } from "../src/mcp/pipeline/cache/file-cache.ts";
import { stageCacheOf } from "../src/mcp/pipeline/cache/stage-cache.ts";
import type { PluginContext } from "../src/mcp/pipeline/plugin.ts";
import { shapeResult } from "../src/mcp/pipeline/results/result.ts";
import { createResults } from "../src/mcp/pipeline/results/results.ts";
import { createRunner } from "../src/mcp/pipeline/run.ts";
import { builtInStages } from "../src/mcp/pipeline/stages/index.ts";
import { createSealing } from "../src/secrets/sealing.ts";
import { realServe } from "../test/delivery/real-serve.ts";
import { silentLog } from "../test/log.ts";
import { workOf } from "./process.ts";
import { quantile } from "./slopes.ts";
import { longTexts, type Sort, serveTexts, textOf } from "./texts-server.ts";
import { readCorpus, shownCorpus } from "./tool-corpus/corpus.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    pairs: { type: "string", default: "60" },
    part: { type: "string", default: "" },
  },
});
const [rounds, pairs] = [Number(values.rounds), Number(values.pairs)];
const [callers, callsEach] = [4, 8];
/** Until all that calls left behind is done. */
const settleMs = 4;
const KiB = 1_024;
const targets = { lossAt1: 0.03, lossAt64: 0.1, paginateMs: 150, holdMs: 50, hitMs: 1 } as const;

type Case = { what: string; project: string; length: number; sort?: Sort; most: number };

/** Each against the same call through a project without anything. All but what noise makes of nothing has a target. */
const cases: readonly Case[] = [
  { what: "nothing, twice: what noise is", project: "none", length: KiB, most: Number.POSITIVE_INFINITY },
  { what: "prompts, no proxy model", project: "prompts", length: KiB, most: targets.lossAt1 },
  { what: "passthrough", project: "passthrough", length: KiB, most: targets.lossAt1 },
  { what: "content-pipeline", project: "content-pipeline", length: KiB, most: targets.lossAt1 },
  { what: "default, its gate open", project: "default", length: KiB, most: targets.lossAt1 },
  { what: "nothing, twice: what noise is", project: "none", length: 64 * KiB, most: Number.POSITIVE_INFINITY },
  { what: "passthrough", project: "passthrough", length: 64 * KiB, most: targets.lossAt64 },
  {
    what: "content-pipeline, a picture",
    project: "content-pipeline",
    length: 64 * KiB,
    sort: "image",
    most: targets.lossAt64,
  },
  {
    what: "content-pipeline, structured content",
    project: "content-pipeline",
    length: 64 * KiB,
    sort: "structured",
    most: targets.lossAt64,
  },
  { what: "its stages, none for so short a text", project: "wide", length: 64 * KiB, most: targets.lossAt64 },
  { what: "toon, which reads it and leaves it", project: "toon", length: 64 * KiB, most: targets.lossAt64 },
];

const middle = (list: readonly number[]) => quantile(list, 0.5);
const row = (...cells: string[]) =>
  process.stdout.write(
    `${cells
      .map((cell, n) => (n === 0 ? cell.padEnd(44) : cell.padEnd(24)))
      .join("")
      .trimEnd()}\n`,
  );
const ms = (value: number) => `${value.toFixed(value < 10 ? 3 : 1)} ms`;
const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
const verdict = (isMet: boolean, target: string) => `target ${target}${isMet ? "" : "   missed"}`;

row(
  `${new Date().toISOString().slice(0, 16)}, ${cpus().length} cores, load ${loadavg()
    .map((of) => of.toFixed(1))
    .join(" ")}`,
);
if (values.part !== "parts") await throughServe();
if (values.part !== "serve") {
  for (const [what, text] of Object.entries(longTexts)) await paginating(what, text);
  await listing();
  await cacheHits();
}
process.exit();

/** What a call through a whole mcpctl takes, of a project whose model changes nothing against one that has none. */
async function throughServe(): Promise<void> {
  const server = serveTexts([KiB, 64 * KiB]);
  await using gateway = await realServe();
  const models: Record<string, object[]> = {
    passthrough: [{ type: "passthrough" }],
    wide: [
      { type: "section-split", config: { over: 500_000 } },
      { type: "summarize-tree" },
      { type: "paginate", config: { pageBytes: 500_000 } },
    ],
    toon: [{ type: "toon" }],
    pages: [{ type: "paginate", config: { pageBytes: 500 } }],
  };
  const named = [
    ...Object.keys(models).map((name) => [name, `bench-${name}`] as const),
    ["content-pipeline"],
    ["default"],
  ];
  const document = (name: string) => ({ kind: "project", name, servers: ["texts"] });
  const withPrompts = ["prompts", "default"];
  await gateway.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "texts", url: `http://127.0.0.1:${server.port}/mcp` },
      ...Object.entries(models).map(([name, stages]) => ({ kind: "proxymodel", name: `bench-${name}`, stages })),
      document("none"),
      document("prompts"),
      ...named.map(([name = "", model = name]) => ({ ...document(name), proxyModel: model })),
      ...withPrompts.map((project) => ({ kind: "prompt", name: `of-${project}`, project, content: "Be brief." })),
    ],
  });
  const tokens: Record<string, string> = {};
  for (const project of ["none", "prompts", ...named.map(([name = ""]) => name)])
    tokens[project] = (await gateway.must("POST", "/api/v1/mcptokens", { name: "bench", project })).token;

  async function call(project: string, length: number, sort: Sort = "text"): Promise<string> {
    const response = await fetch(`${gateway.url}/mcp`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${tokens[project]}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"texts__give","arguments":{"length":${length},"sort":"${sort}"}}}`,
    });
    return await response.text();
  }
  await gateway.until("the server answers", async () => (await call("none", KiB)).includes("quick"));

  /** What one call takes of serve's processor, in ms. */
  async function round(project: string, { length, sort }: Case): Promise<number> {
    const before = workOf(gateway.pid());
    const caller = async () => {
      for (let n = 0; n < callsEach; n++) {
        const answer = await call(project, length, sort);
        if (answer.length < length || answer.includes("_resultId"))
          throw new Error(`an answer is not as it was: ${answer.slice(0, 200)}`);
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    await Bun.sleep(settleMs);
    return (workOf(gateway.pid()) - before) / (callers * callsEach);
  }

  // One that does change them shows that what is measured is shaped at all, and a call that the gate is open.
  if (!(await call("pages", 64 * KiB)).includes("_resultId"))
    row("! applied models take no effect here: the figures below compare nothing with nothing");
  if (!(await call("default", KiB)).includes("Be brief"))
    row("! the gate was not closed: `default` below is measured without its prompts");
  row(`through serve, ${callers} callers, ${pairs} pairs`, "at work for a call", "costs", "give or take");
  // Code that was compiled a moment ago gets faster for some thousand calls.
  for (let n = 0; n < 100; n++) await round("none", { what: "", project: "none", length: KiB, most: 0 });
  for (const one of cases) {
    const [plain, losses] = [[] as number[], [] as number[]];
    for (let n = -10; n < pairs; n++) {
      const isTurned = n % 2 !== 0;
      const first = await round(isTurned ? one.project : "none", one);
      const second = await round(isTurned ? "none" : one.project, one);
      if (n < 0) continue; // The first ones warm up.
      const [without, withIt] = isTurned ? [second, first] : [first, second];
      plain.push(without);
      // With so much more work for each, so much fewer are served in the same time.
      losses.push(1 - without / withIt);
    }
    const loss = middle(losses);
    // Of a middle value: as far as two of three such benches lie from the truth.
    const doubt = (0.93 * (quantile(losses, 0.75) - quantile(losses, 0.25))) / Math.sqrt(pairs);
    const isTold = Math.abs(loss - one.most) > doubt;
    row(
      `${one.length / KiB} KiB: ${one.what}`,
      ms(middle(plain)),
      percent(loss),
      percent(doubt),
      Number.isFinite(one.most)
        ? verdict(loss <= one.most, `<= ${percent(one.most)}`) + (isTold ? "" : "   (not surely)")
        : "",
    );
  }
  await server.stop(true);
}

/** Ten megabytes through the stage alone, its result kept, and how long nobody else had a turn meanwhile. */
async function paginating(what: string, textFor: (round: number) => string): Promise<void> {
  const { cache, close } = openCache();
  const types = builtInStages(() => "");
  const runner = createRunner({ types: () => types, cache, log: silentLog });
  const results = createResults({ cache, idKey: Buffer.alloc(32, 3), clock: { now: () => Date.now() } });
  const scope = { project: "p", principal: undefined };
  const pipeline = { stages: [{ type: "paginate", config: {} }], appliesTo: ["toolResult"], cacheable: true } as const;
  const shaper = runner.shaper(pipeline, {
    contentType: "toolResult",
    sourceName: "texts/give",
    projectName: "p",
    sessionId: undefined,
    llm: undefined,
    cache: stageCacheOf(cache, scope),
    scope,
    signal: new AbortController().signal,
  });
  const place = { principal: "u", project: "p", source: "texts/give" };
  const [shaping, writing] = [[] as Watched[], [] as Watched[]];
  for (let round = -2; round < rounds; round++) {
    // Made flat, as what came over the network is.
    const result = Buffer.from(JSON.stringify({ content: [{ type: "text", text: textFor(round) }] })).toString();
    Bun.gc(true);
    const [shaped, seen] = await watched(() =>
      shapeResult({ type: "toolResult", result, shaper, keep: (parts) => results.keep(place, parts) }),
    );
    if (!shaped.includes("_resultId")) throw new Error("it did not paginate");
    const [, seenLater] = await watched(() => cache.settled());
    if (round < 0) continue;
    shaping.push(seen);
    writing.push(seenLater);
  }
  const told = (list: readonly Watched[], figure: "wall" | "hold" | "work" | "workHeld") => {
    const figures = list.map((one) => one[figure]);
    return [`middle ${ms(middle(figures))}`, `worst ${ms(Math.max(...figures))}`] as const;
  };
  const rows: [string, readonly Watched[], "wall" | "hold", "work" | "workHeld", number][] = [
    ["wall", shaping, "wall", "work", targets.paginateMs],
    ["longest hold of the event loop", shaping, "hold", "workHeld", targets.holdMs],
    ["the same while it is written to disk", writing, "hold", "workHeld", targets.holdMs],
  ];
  row(`10 MB of ${what} paginating, ${rounds} times`);
  for (const [what, list, figure, work, most] of rows) {
    const isMet = middle(list.map((one) => one[figure])) <= most;
    row(`  ${what}`, ...told(list, figure), verdict(isMet, `<= ${most} ms`));
    row("    of that at work", ...told(list, work));
  }
  await close();
}

/** The first list of so many tools within a budget, and the first search in them: what costs and fits is computed then, and found later. */
async function listing(): Promise<void> {
  const corpus = shownCorpus(await readCorpus());
  const [search] = searchTools;
  for (const count of [300, corpus.length]) {
    const [lists, searches, again] = [[] as Watched[], [] as Watched[], [] as Watched[]];
    for (let round = -1; round < rounds; round++) {
      // Known to nobody, as after a start.
      const tools = corpus
        .slice(0, count)
        .map((tool) => ({ ...tool, text: tool.text.replace("{", `{"round":${round},`) }));
      const context = {
        identity: { id: "caller", isSession: false },
        project: { id: "p", name: "p", fields: {} },
        llm: undefined,
        log: silentLog,
        registerTool: () => {},
        discover: () => Promise.resolve(tools),
      } as unknown as PluginContext;
      const budget = createBudget();
      budget.begin("caller", ["github issues", "review a pull request"]);
      Bun.gc(true);
      const [plan, list] = await watched(() => budget.planFor(context, tools, { toolBudget: "3000" }));
      if (plan?.mode !== "filtered") throw new Error(`the list was to be filtered: ${plan?.why}`);
      const [, later] = await watched(() => budget.planFor(context, tools, { toolBudget: "3000" }));
      const [, found] = await watched(async () => search?.call({ query: "find a flight to Berlin" }, context));
      if (round < 0) continue;
      lists.push(list);
      again.push(later);
      searches.push(found);
    }
    row(`${count} tools within a budget, ${rounds} times`);
    for (const [what, all] of [
      ["  the first list", lists],
      ["  the same again", again],
      ["  a search", searches],
    ] as const) {
      const hold = middle(all.map(({ workHeld }) => workHeld));
      row(
        what,
        `at work ${ms(middle(all.map(({ work }) => work)))}`,
        `longest hold ${ms(hold)}`,
        verdict(hold <= targets.holdMs, `<= ${targets.holdMs} ms`),
      );
    }
  }
}

/** In ms: how long it took and the longest time that the event loop had no turn, and how much of each some processor was at work for us. */
type Watched = { wall: number; hold: number; work: number; workHeld: number };

async function watched<T>(task: () => Promise<T>): Promise<[T, Watched]> {
  const worked = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  };
  const [from, workedBefore] = [performance.now(), worked()];
  let [last, lastWorked, hold, workHeld, isOver] = [from, workedBefore, 0, 0, false];
  const look = () => {
    const [now, work] = [performance.now(), worked()];
    hold = Math.max(hold, now - last);
    workHeld = Math.max(workHeld, work - lastWorked);
    [last, lastWorked] = [now, work];
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  const answer = await task();
  const [wall, work] = [performance.now() - from, worked() - workedBefore];
  look();
  isOver = true;
  return [answer, { wall, hold, work, workHeld }];
}

async function cacheHits(): Promise<void> {
  const value = textOf(64 * KiB);
  for (const [what, memoryBytes] of [
    ["from memory", undefined],
    ["from disk", 0],
  ] as const) {
    const { cache, close } = openCache(memoryBytes);
    const scope = { project: "p", principal: "u" };
    for (let n = 0; n < 64; n++) cache.put(scope, `k${n}`, value);
    await cache.settled();
    const times: number[] = [];
    for (let n = -500; n < 3_000; n++) {
      const from = performance.now();
      const found = await cache.get(scope, `k${(n + 500) % 64}`);
      const took = performance.now() - from;
      if (found?.length !== value.length) throw new Error("it was not there");
      if (n >= 0) times.push(took);
    }
    row(
      `cache hit, 64 KiB ${what}`,
      `p50 ${ms(middle(times))}`,
      `p99 ${ms(quantile(times, 0.99))}`,
      verdict(middle(times) <= targets.hitMs, `p50 <= ${targets.hitMs} ms`),
    );
    await close();
  }
}

function openCache(memoryBytes?: number) {
  const dir = mkdtempSync(join(tmpdir(), "mcpctl-bench-"));
  const cache = createFileCache({
    dir,
    mostBytes: 256 * KiB * KiB,
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    sealing: createSealing(Buffer.alloc(32, 1)),
    nameKey: Buffer.alloc(32, 2),
    clock: { now: () => Date.now() },
    log: silentLog,
  });
  const close = async () => {
    await cache.close();
    rmSync(dir, { recursive: true, force: true });
  };
  return { cache, close };
}
