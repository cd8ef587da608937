// What shaping costs: `bun bench/pipeline.ts [--rounds 9] [--ms 700] [--part serve|parts]`. The part `serve` needs dist/mcpctl (`bun run build`).
// Rounds with and without a pipeline take turns within one run and each is compared with its neighbour, since machines are noisy: the middle ratio
// counts, and how far the ratios lie apart stands beside it. A difference smaller than that is noise. On a machine that has other work the time at
// work (of all threads, the collector's too) says more than the time on the wall.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createFileCache } from "../src/mcp/pipeline/cache/file-cache.ts";
import { stageCacheOf } from "../src/mcp/pipeline/cache/stage-cache.ts";
import { shapeResult } from "../src/mcp/pipeline/results/result.ts";
import { createResults } from "../src/mcp/pipeline/results/results.ts";
import { createRunner } from "../src/mcp/pipeline/run.ts";
import { builtInStages } from "../src/mcp/pipeline/stages/index.ts";
import { createSealing } from "../src/secrets/sealing.ts";
import { realServe } from "../test/delivery/real-serve.ts";
import { silentLog } from "../test/log.ts";
import { quantile } from "./slopes.ts";
import { resultOf, serveTexts, textOf } from "./texts-server.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    ms: { type: "string", default: "700" },
    part: { type: "string", default: "" },
  },
});
const [rounds, roundMs] = [Number(values.rounds), Number(values.ms)];
const callers = 8;
const [KiB, MB] = [1_024, 1_000_000];
const targets = { lossAt1: 0.03, lossAt64: 0.1, paginateMs: 150, holdMs: 50, hitMs: 1 } as const;

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

if (values.part !== "parts") await throughServe();
if (values.part !== "serve") {
  await paginating();
  await cacheHits();
}
process.exit();

/** Calls a second through a whole mcpctl, of a project whose model changes nothing against one that has none. */
async function throughServe(): Promise<void> {
  const lengths = [KiB, 64 * KiB];
  const server = serveTexts(lengths);
  await using gateway = await realServe();
  // Three that leave these texts as they are: one sees so at a glance, the built-in stages by the length, the last reads them through.
  const models: Record<string, object[]> = {
    passthrough: [{ type: "passthrough" }],
    "content-pipeline": [
      { type: "section-split", config: { over: 500_000 } },
      { type: "summarize-tree" },
      { type: "paginate", config: { pageBytes: 500_000 } },
    ],
    toon: [{ type: "toon" }],
    pages: [{ type: "paginate", config: { pageBytes: 500 } }],
  };
  const names = Object.keys(models);
  const document = (name: string) => ({ kind: "project", name, servers: ["texts"] });
  await gateway.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "texts", url: `http://127.0.0.1:${server.port}/mcp` },
      ...names.map((name) => ({
        kind: "proxymodel",
        name: `bench-${name}`,
        stages: models[name],
        extends: ["content-pipeline"],
      })),
      document("none"),
      ...names.map((name) => ({ ...document(name), proxyModel: `bench-${name}` })),
    ],
  });
  const tokens: Record<string, string> = {};
  for (const project of ["none", ...names])
    tokens[project] = (await gateway.must("POST", "/api/v1/mcptokens", { name: "bench", project })).token;

  async function call(project: string, length: number): Promise<string> {
    const response = await fetch(`${gateway.url}/mcp`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${tokens[project]}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"texts__give","arguments":{"length":${length}}}}`,
    });
    return await response.text();
  }
  await gateway.until("the server answers", async () => (await call("none", KiB)).includes("quick"));

  async function round(project: string, length: number): Promise<Round> {
    const [from, before] = [performance.now(), workOf(gateway.pid())];
    let calls = 0;
    const caller = async () => {
      for (; performance.now() - from < roundMs; calls++) {
        const answer = await call(project, length);
        if (answer.length < length || answer.includes("_resultId"))
          throw new Error(`an answer is not as it was: ${answer.slice(0, 200)}`);
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    return { calls, work: workOf(gateway.pid()) - before, perSecond: (calls * 1_000) / (performance.now() - from) };
  }

  // One that does change them shows that what is measured is shaped at all.
  if (!(await call("pages", 64 * KiB)).includes("_resultId"))
    row("! applied models take no effect here: the figures below compare nothing with nothing");
  row(`through serve, ${callers} callers`, "calls/s, without", "costs", "quartiles", "costs serve's processor");
  for (const length of lengths) {
    const most = length === KiB ? targets.lossAt1 : targets.lossAt64;
    let noise = 0;
    // Twice the same shows what the machine itself makes of nothing.
    for (const name of ["none", "passthrough", "content-pipeline", "toon"]) {
      const [plain, shaped] = [[] as Round[], [] as Round[]];
      for (let n = -1; n < rounds; n++) {
        const isTurned = n % 2 !== 0;
        const first = await round(isTurned ? name : "none", length);
        const second = await round(isTurned ? "none" : name, length);
        if (n < 0) continue; // The first warms up.
        plain.push(isTurned ? second : first);
        shaped.push(isTurned ? first : second);
      }
      const losses = shaped.map(({ perSecond }, n) => 1 - perSecond / (plain[n]?.perSecond ?? Number.NaN));
      const loss = middle(losses);
      const [low, high] = [quantile(losses, 0.25), quantile(losses, 0.75)];
      if (name === "none") noise = high - low;
      row(
        `${length / KiB} KiB, ${name}`,
        middle(plain.map(({ perSecond }) => perSecond)).toFixed(0),
        percent(loss),
        `${percent(low)} … ${percent(high)}`,
        percent(perCall(shaped) / perCall(plain) - 1),
        name === "none"
          ? "what noise makes of nothing"
          : noise > 2 * most
            ? `target <= ${percent(most)}   not to be told: the noise is ${percent(noise)}`
            : verdict(loss <= most, `<= ${percent(most)}`),
      );
    }
  }
  await server.stop(true);
}

type Round = { calls: number; work: number; perSecond: number };

/** What a call takes of the processor. */
function perCall(list: readonly Round[]): number {
  return list.reduce((sum, { work }) => sum + work, 0) / list.reduce((sum, { calls }) => sum + calls, 0);
}

/** How long a process was at work until now, in hundredths of a second; nothing where there is no /proc. */
function workOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return Number.NaN;
  }
}

/** Ten megabytes through the stage alone, its result kept, and how long nobody else had a turn meanwhile. */
async function paginating(): Promise<void> {
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
  const base = resultOf(10 * MB);
  const [shaping, writing] = [[] as Watched[], [] as Watched[]];
  for (let round = -2; round < rounds; round++) {
    // Another content each time, so that it is found nowhere; made flat, as what came over the network is.
    const result = Buffer.from(base.replace("quick", `quick ${round}`)).toString();
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
  row(`10 MB paginating, ${rounds} times`);
  for (const [what, list, figure, work, most] of rows) {
    const isMet = middle(list.map((one) => one[figure])) <= most;
    row(`  ${what}`, ...told(list, figure), verdict(isMet, `<= ${most} ms`));
    row("    of that at work", ...told(list, work));
  }
  await close();
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
