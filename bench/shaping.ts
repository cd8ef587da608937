// What a proxy model that changes nothing adds to a call, in one process and without network: `bun bench/shaping.ts [--rounds 40]`. A call through serve
// takes some 500 to 800 µs of the processor at 1 KB, which `bench/pipeline.ts` measures; on a machine with other work its noise is larger than all of this.
import { parseArgs } from "node:util";
import { createBudget } from "../src/mcp/budget/budget.ts";
import { stageCacheOf } from "../src/mcp/pipeline/cache/stage-cache.ts";
import { checkPipeline } from "../src/mcp/pipeline/config.ts";
import { createModels } from "../src/mcp/pipeline/models/models.ts";
import { createGate } from "../src/mcp/pipeline/plugins/gate.ts";
import { createRunner } from "../src/mcp/pipeline/run.ts";
import { createShaping } from "../src/mcp/pipeline/shaping.ts";
import { builtInStages } from "../src/mcp/pipeline/stages/index.ts";
import { silentLog } from "../test/log.ts";
import { quantile } from "./slopes.ts";
import { madeOf, type Sort } from "./texts-server.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "40" } } });
const rounds = Number(values.rounds);
const KiB = 1_024;

/** Nothing is ever in it; what changes nothing asks for nothing. */
const nowhere = { get: async () => undefined, put() {} } as never;
const gate = createGate({
  shelf: { of: () => [{ name: "x", priority: 3 }] } as never,
  openings: { isOpen: () => true, tagsOf: () => [] } as never,
  texts: () => "",
});
const models = createModels({
  gate,
  builtInStages: () => builtInStages(() => ""),
  check: checkPipeline,
  log: silentLog,
});
const shaping = createShaping({
  models,
  llmOf: () => undefined,
  cacheOf: (scope) => stageCacheOf(nowhere, scope),
  results: {} as never,
  budget: createBudget(),
  runner: createRunner({ types: models.stageTypes, cache: nowhere, log: silentLog }),
  listChanged() {},
  audit() {},
  clock: { now: () => Date.now() },
  log: silentLog,
});

const server = { id: "s", name: "texts", version: 1, fields: {} };
const params = '{"name":"texts__give","arguments":{"length":1024}}';
const { signal } = new AbortController();

/** As the gateway does it for each call. */
async function call(proxyModel: string | undefined, result: string): Promise<unknown> {
  const fields = { servers: ["texts"], ...(proxyModel === undefined ? {} : { proxyModel }) };
  const admission = {
    project: { id: `p ${proxyModel}`, name: "p", version: 1, fields },
    servers: [server],
    principal: "u",
    actor: {},
  };
  const shape = await shaping.of({
    admission,
    endpoint: { project: "p" },
    era: "legacy",
    isAlone: () => false,
    signal,
  } as never);
  const go = async () => ({ result });
  if (shape === undefined) return await go();
  return await shape.toolCall({ name: "texts__give", server, key: "give", text: "{}" } as never, params, go);
}

async function microseconds(proxyModel: string | undefined, result: string, calls: number): Promise<number> {
  const before = process.cpuUsage();
  for (let n = 0; n < calls; n++) await call(proxyModel, result);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

const cases: readonly [what: string, proxyModel: string, length: number, sort: Sort][] = [
  ["1 KiB of text, content-pipeline", "content-pipeline", KiB, "text"],
  ["1 KiB of text, default, its gate open", "default", KiB, "text"],
  ["64 KiB picture, content-pipeline", "content-pipeline", 64 * KiB, "image"],
  ["64 KiB structured content, content-pipeline", "content-pipeline", 64 * KiB, "structured"],
];
for (const [what, proxyModel, length, sort] of cases) {
  const result = madeOf(sort, length);
  const added: number[] = [];
  for (let n = -5; n < rounds; n++) {
    const without = await microseconds(undefined, result, 500);
    const withIt = await microseconds(proxyModel, result, 500);
    if (n >= 0) added.push(withIt - without);
  }
  process.stdout.write(`${what.padEnd(48)}adds ${quantile(added, 0.5).toFixed(1)} µs of the processor\n`);
}
process.exit();
