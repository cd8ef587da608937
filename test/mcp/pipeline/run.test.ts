import { expect, test } from "bun:test";
import { checkPipeline } from "../../../src/mcp/pipeline/config.ts";
import { builtInStages } from "../../../src/mcp/pipeline/stages/index.ts";
import { defaultTexts } from "../../../src/resources/system-prompts.ts";
import { logTo } from "../../log.ts";
import { aboutOf, llmOf, memoryCache, pipelineOf, runnerOf, stageOf } from "./stage-bench.ts";

const types = builtInStages(defaultTexts);
const long = "x".repeat(9_000);

test.each([
  [
    "throws",
    () => {
      throw new Error("broken");
    },
    "broken",
  ],
  ["rejects", () => Promise.reject(new Error("broken later")), "broken later"],
  ["hangs", () => new Promise(() => {}), "longer than"],
  ["answers nothing", () => undefined, "no object"],
  ["answers no text", () => ({ content: 5 }), "no text"],
  [
    "has two of an id",
    () => ({
      content: "",
      sections: [
        { id: "1", title: "", content: "" },
        { id: "1", title: "", content: "" },
      ],
    }),
    "same id",
  ],
  [
    "has sections without end",
    () => ({
      content: "",
      sections: Array.from({ length: 2_001 }, (_, i) => ({ id: `${i}`, title: "", content: "" })),
    }),
    "more than 2000",
  ],
  [
    "nests too deep",
    () => ({
      content: "",
      sections: [0, 1, 2, 3, 4, 5].reduce<object[]>(
        (inner, n) => [{ id: `${n}`, title: "", content: "", sections: inner }],
        [],
      ),
    }),
    "deeper",
  ],
  ["makes far more of it", (text: string) => ({ content: text.repeat(5) + "y".repeat(70_000) }), "far more"],
  ["has an odd `by`", () => ({ content: "", by: "chapter" }), "by"],
])("a stage that %s is skipped, and the next one has the content as it was", async (_, run, reason) => {
  const lines: string[] = [];
  const stages = [stageOf("bad", run as never), stageOf("loud", (text) => ({ content: text.toUpperCase() }))];
  const runner = runnerOf({ stages, deadlines: { stageMs: 30 }, log: logTo((line) => lines.push(line)) });
  const ran = await runner.run(pipelineOf("bad", "loud"), "some text", aboutOf());
  expect(ran.content).toBe("SOME TEXT");
  expect(ran.trace[0]).toMatchObject({ stage: "bad", fault: expect.stringContaining(reason) });
  expect(lines.filter((line) => line.includes("a stage was skipped"))).toHaveLength(1);
});

test("the same fault is told once a minute", async () => {
  const lines: string[] = [];
  let now = 0;
  const runner = runnerOf({
    stages: [
      stageOf("bad", () => {
        throw new Error("no");
      }),
    ],
    log: logTo((line) => lines.push(line)),
    now: () => now,
  });
  for (now of [0, 10_000, 59_000, 61_000]) await runner.run(pipelineOf("bad"), "text", aboutOf());
  expect(lines).toHaveLength(2);
});

test("what was made is kept for the next one, within one scope, and not for a small content", async () => {
  let runs = 0;
  const { cache, texts } = memoryCache();
  const runner = runnerOf({ cache, stages: [stageOf("count", (text) => ({ content: `${++runs} ${text}` }))] });
  const pipeline = pipelineOf("count");
  const first = await runner.run(pipeline, long, aboutOf());
  const again = await runner.run(pipeline, long, aboutOf());
  expect([first.content, again.content]).toEqual([`1 ${long}`, `1 ${long}`]);
  expect([first.trace[0]?.cached, again.trace[0]?.cached]).toEqual([false, true]);
  await runner.run(pipeline, long, aboutOf({ scope: { project: "p2", principal: undefined } }));
  await runner.run(pipeline, long, aboutOf({ scope: { project: "p1", principal: "u" } }));
  await runner.run({ ...pipeline, cacheable: false }, long, aboutOf());
  await runner.run(pipeline, "small", aboutOf());
  await runner.run(pipeline, "small", aboutOf());
  expect(runs).toBe(6);
  expect(texts.size).toBe(3);
});

test("equal requests at the same time are one; it ends when nobody waits any more", async () => {
  let runs = 0;
  let signal: AbortSignal | undefined;
  let finish = () => {};
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const runner = runnerOf({
    stages: [
      stageOf("slow", async (text, context) => {
        runs++;
        signal = context.signal;
        await done;
        return { content: `! ${text}` };
      }),
    ],
  });
  const leaving = [new AbortController(), new AbortController()];
  const asked = leaving.map(({ signal }) => runner.run(pipelineOf("slow"), long, aboutOf({ signal })));
  await Bun.sleep(1);
  leaving[0]?.abort();
  expect((await asked[0])?.content).toBe(long);
  expect(signal?.aborted).toBe(false);
  finish();
  expect((await asked[1])?.content).toBe(`! ${long}`);
  expect(runs).toBe(1);
  const last = new AbortController();
  const never = runner.run(pipelineOf("slow"), `${long}2`, aboutOf({ signal: last.signal }));
  last.abort();
  expect((await never).content).toBe(`${long}2`);
});

test("what an LLM did not help with is not kept, what it did is another's when another answers", async () => {
  const { cache, texts } = memoryCache();
  const runner = runnerOf({ cache });
  const bad = llmOf(() => Promise.reject(new Error("down")));
  await runner.run(pipelineOf("paginate"), long, aboutOf({ llm: bad.llm }));
  expect(texts.size).toBe(0);
  const good = llmOf(() => "One\nTwo");
  await runner.run(pipelineOf("paginate"), long, aboutOf({ llm: good.llm }));
  await runner.run(pipelineOf("paginate"), long, aboutOf());
  expect(texts.size).toBe(2);
});

test("a cache that holds nonsense is as one that holds nothing", async () => {
  const { cache } = memoryCache();
  for (const text of ["", "{", "null", '{"content":5,"trace":[]}', '{"sections":[{}],"trace":[]}']) {
    const runner = runnerOf({ cache: { ...cache, get: async () => text } });
    expect((await runner.run(pipelineOf("paginate"), long, aboutOf())).sections).toHaveLength(2);
  }
});

test("a resource never comes in sections", async () => {
  const mine = stageOf("mine", (content) => ({ content, sections: [{ id: "1", title: "t", content }] }));
  const ran = await runnerOf({ stages: [mine] }).run(
    pipelineOf("paginate", "truncate", "mine"),
    long.repeat(5),
    aboutOf({ contentType: "resource" }),
  );
  expect(ran.content).toBe(long.repeat(5));
  expect(ran.sections).toBeUndefined();
});

test("what every stage leaves is known before", () => {
  const runner = runnerOf({ stages: [stageOf("mine", (content) => ({ content }))] });
  const leaves = (...stages: Parameters<typeof pipelineOf>) => runner.leavesOf(pipelineOf(...stages));
  expect(leaves("section-split", "summarize-tree", "paginate")).toBe(8_000);
  expect(leaves("passthrough")).toBe(Number.POSITIVE_INFINITY);
  expect(leaves("passthrough", ["truncate", { most: 500 }])).toBe(500);
  expect(leaves("redact", "paginate")).toBe(0);
  expect(leaves("mine")).toBe(0);
  const { leaves: of, leavesEverywhere } = runner.shaper({ ...pipelineOf("redact"), appliesTo: ["prompt"] }, aboutOf());
  expect([of, leavesEverywhere]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
});

test("a pipeline's faults are told with their places", () => {
  const faults = checkPipeline(
    [
      { type: "paginat" },
      { type: "paginate", config: { pageByte: 1 } },
      { type: "paginate", config: { pageBytes: "many" } },
      { type: "redact", config: { patterns: ["a{1,9}", "(a+)+"] } },
      { type: "section-split", config: { min: 9_000, max: 300 } },
      { type: "truncate", config: { keep: "middle" } },
      { type: "toon" },
    ],
    types,
  );
  expect(faults).toEqual([
    { path: "/stages/0/type", message: 'there is no such stage; did you mean "paginate"?' },
    { path: "/stages/1/config/pageByte", message: 'there is no such field; did you mean "pageBytes"?' },
    { path: "/stages/2/config/pageBytes", message: expect.stringContaining("whole number") },
    { path: "/stages/3/config/patterns/1", message: expect.stringContaining("without a bound") },
    { path: "/stages/4/config/min", message: "must not be more than `max`" },
    { path: "/stages/5/config/keep", message: "must be one of head, tail, both" },
  ]);
  expect(
    checkPipeline(
      [...types.keys()].map((type) => ({ type })),
      types,
    ),
  ).toEqual([]);
});
