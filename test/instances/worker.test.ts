import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Code, PluginFacts, StageFacts } from "../../src/instances/worker/protocol.ts";
import { type Answering, createWorker, type Worker } from "../../src/instances/worker/worker.ts";
import { logTo } from "../log.ts";

let folder: string;
let worker: Worker;
let ahead = 0;
const lines: string[] = [];
const condemned: string[] = [];

const newWorker = () =>
  createWorker({
    dataDir: join(folder, "data"),
    clock: { now: () => Date.now() + ahead },
    log: logTo((line) => void lines.push(line)),
    pongMs: 2_000,
    onCondemned: ({ name }, why) => void condemned.push(`${name}: ${why}`),
  });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mcpctl-worker-"));
  worker = newWorker();
});
afterAll(async () => {
  await worker.stop();
  rmSync(folder, { recursive: true });
});

function code(name: string, text: string, kind: Code["kind"] = "stage"): Code {
  const path = join(folder, `${name}.ts`);
  writeFileSync(path, text);
  return { kind, name, version: "1", path };
}
const facts = { contentType: "toolResult", sourceName: "a/b", projectName: "p", config: {} } as unknown as StageFacts;
const who = { identity: { id: "i", isSession: false }, era: "legacy", projectName: "p" } as unknown as PluginFacts;
const nobody: Answering = { ask: async () => "", tell: () => {} };
const patience = { ownMs: 2_000, allMs: 10_000 };
const impatient = { ownMs: 400, allMs: 10_000 };
const stage = (of: Code, content = "x", within = patience) =>
  worker.run(of, { do: "stage", content, context: facts }, nobody, within);

test("a stage runs in a process of its own, which knows nothing of ours", async () => {
  const own = code(
    "own",
    `type A = string; export default async (content: A, ctx: any) => ({ content: JSON.stringify([process.pid, process.env, process.cwd(), content, ctx.originalContent, ctx.sourceName]) })`,
  );
  const { content } = (await stage(own, "hällo")) as { content: string };
  const [pid, env, cwd, ...rest] = JSON.parse(content);
  expect(pid).not.toBe(process.pid);
  expect(pid).toBe(worker.pid());
  expect(Object.keys(env).toSorted()).toEqual([
    "BUN_JSC_forceRAMSize",
    "BUN_RUNTIME_TRANSPILER_CACHE_PATH",
    "MCPCTL_INSTANCE",
  ]);
  expect(cwd).toBe(join(folder, "data/local/cwd"));
  expect(rest).toEqual(["hällo", "hällo", "a/b"]);
});

test("what it asks for is answered by us, and that time is not its own", async () => {
  const asked: unknown[] = [];
  const asking = code(
    "asking",
    `export default async (content, ctx) => {
       ctx.log.warn("hear", { content });
       const text = await ctx.llm.complete("say", { tier: "fast" });
       const kept = await ctx.cache.getOrCompute("k", async () => "computed " + content);
       return { content: text + kept + ctx.llm.available("fast") + ctx.llm.identity() };
     };`,
  );
  const answering: Answering = {
    ask: async (what, args, compute) => {
      asked.push([what, ...args]);
      if (what === "llm.complete") await Bun.sleep(800);
      return what === "llm.complete" ? "said " : await compute();
    },
    tell: (what, args) => void asked.push([what, ...args]),
  };
  const llm = { fast: { identity: "m", available: true }, heavy: { identity: undefined, available: false } };
  const work = { do: "stage", content: "c", context: { ...facts, llm } } as const;
  const answer = await worker.run(asking, work, answering, { ownMs: 700, allMs: 10_000 });
  expect(answer).toEqual({ content: "said computed ctruem" });
  expect(asked).toEqual([
    ["log", "warn", "hear", { content: "c" }],
    ["llm.complete", "say", { tier: "fast" }],
    ["cache.getOrCompute", "k"],
  ]);
});

test("many calls at once each get their own answer, whatever is written to its output between", async () => {
  const loud = code(
    "loud",
    `export default async (content) => {
       console.log("{ no message");
       require("fs").writeSync(1, "half a line");
       process.stdout.write('{"say":"done","id":99999,"value":1}');
       await new Promise((resolve) => setTimeout(resolve, 5 - (Number(content) % 5)));
       return { content: content + "!" };
     };`,
  );
  const all = await Promise.all(Array.from({ length: 40 }, (_, i) => stage(loud, String(i))));
  expect(all).toEqual(Array.from({ length: 40 }, (_, i) => ({ content: `${i}!` })));
  expect(lines.some((line) => line.includes("half a line"))).toBe(true);
});

test("one that throws, or answers what is no JSON, fails alone", async () => {
  const pid = worker.pid();
  expect(stage(code("throws", `export default () => { throw new Error("not today") };`))).rejects.toThrow("not today");
  expect(stage(code("circle", `export default () => { const a = {}; a.a = a; return a };`))).rejects.toThrow(
    /circular|cyclic/i,
  );
  expect(stage(code("none", `export const x = 1;`))).rejects.toThrow("its default export is no function");
  expect(stage(code("broken", `export default (`))).rejects.toThrow();
  await expect(
    stage(
      code(
        "forgets",
        `setTimeout(() => { throw new Error("later") }, 1); export default async () => { await Bun.sleep(20); return { content: "y" } };`,
      ),
    ),
  ).resolves.toEqual({ content: "y" });
  expect(worker.pid()).toBe(pid);
});

test("one that waits for ever is given up alone; one that keeps the processor takes its process along, and another is started", async () => {
  const pid = worker.pid();
  const waits = code("waits", `export default () => new Promise(() => {});`);
  await expect(stage(waits, "x", impatient)).rejects.toThrow("it took over 0.4 s");
  expect(worker.pid()).toBe(pid);
  const spins = code("spins", `export default async () => { await 1; for (;;); };`);
  const beside = code("beside", `export default async (c) => { await Bun.sleep(300); return { content: c } };`);
  const innocent = stage(beside).then(
    () => "done",
    (error) => error.message,
  );
  await expect(stage(spins, "x", impatient)).rejects.toThrow("it took over");
  expect(await innocent).toMatch(/its process ended: it kept its process busy|it took over/);
  await until(() => worker.pid() === undefined);
  expect(condemned).toEqual([]);
  expect(await stage(beside)).toEqual({ content: "x" });
  expect(worker.pid()).not.toBe(pid);
});

test("what had not begun in a process that hangs is run in the next one, and nobody is blamed for it", async () => {
  const other = newWorker();
  const run = (of: Code, within: typeof patience) =>
    other.run(of, { do: "stage", content: "x", context: facts }, nobody, within);
  const spinning = Promise.withResolvers<void>();
  const spins = code(
    "spins",
    `export default async (_, ctx) => { ctx.log.info("spinning"); await Bun.sleep(50); for (;;); };`,
  );
  const work = { do: "stage", content: "x", context: facts } as const;
  const hangs = other.run(spins, work, { ...nobody, tell: () => spinning.resolve() }, impatient);
  hangs.catch(() => {});
  await spinning.promise;
  await Bun.sleep(150);
  const waits = run(code("waits", `export default (content) => ({ content: content + "!" })`), patience);
  await expect(hangs).rejects.toThrow();
  expect(await waits).toEqual({ content: "x!" });
  await other.stop();
  expect(condemned.filter((words) => words.startsWith("waits"))).toEqual([]);
}, 20_000);

test("one that eats memory takes its process along", async () => {
  const eats = code(
    "eats",
    `const all = []; export default async () => { for (;;) { all.push(new Uint8Array(40e6).fill(1)); await Bun.sleep(30); } };`,
  );
  const work = { do: "stage", content: "", context: facts } as const;
  // Of its own, since such a process may end a moment after its call.
  const other = newWorker();
  // The engine has a bound of its own, a little below ours: whichever is met first, the call ends and the next one is served.
  await expect(other.run(eats, work, nobody, { ownMs: 15_000, allMs: 16_000 })).rejects.toThrow(
    /it used \d+ MiB of the 256 MiB|Out of memory/,
  );
  await other.stop();
}, 20_000);

test("one that ends the process is left out after the third time; a process that died again is waited for", async () => {
  const exits = code("exits", `export default () => process.exit(3);`);
  // The clock is ours. What died in the tests before is long ago.
  ahead += 60_000;
  for (let time = 1; time <= 3; time++) {
    await expect(stage(exits)).rejects.toThrow("its process ended: it ended with exit code 3");
    if (time < 3) ahead += 10_000;
  }
  await expect(stage(exits)).rejects.toThrow("is started again in a moment");
  expect(condemned).toEqual(["exits: it ended with exit code 3"]);
  ahead += 60_000;
}, 20_000);

test("hooks get objects; what they leave as it was stays as it was, byte for byte", async () => {
  const plugin = code(
    "hooks",
    `export default {
       description: "all of them", extends: "gate",
       hooks: {
         onInitialize: (ctx, instructions) => instructions + " and more",
         onToolsList: (ctx, tools) => [{ ...tools[1], description: "mine" }, tools[0]],
         onToolCallBefore: (ctx, call) => call.arguments.n === 1 ? undefined : { arguments: { n: call.arguments.n + 1 }, preface: ctx.projectName },
         onToolCallAfter: (ctx, call, result) => { if (call.tool === "same") return { ...result }; result.content.push({ type: "text", text: call.arguments.q }); return { content: result.content }; },
         onResourceRead: () => undefined,
         onPromptGet: () => ({ nonsense: true }),
         onSessionCreate: (ctx) => { ctx.registerTool({ name: "hello", description: "d", inputSchema: { type: "object" }, call: async (args, ctx) => "hello " + args.who + " of " + ctx.identity.id }); },
       },
     };`,
    "plugin",
  );
  const run = (work: object) =>
    worker.run(
      plugin,
      work as { do: "load" },
      { ask: async () => "", tell: (...all) => void told.push(all) },
      patience,
    );
  const told: unknown[] = [];
  const hook = (name: string, ...args: unknown[]) => run({ do: "hook", hook: name, context: who, args });
  expect(await run({ do: "load" })).toEqual({
    description: "all of them",
    extends: ["gate"],
    hooks: [
      "onInitialize",
      "onToolsList",
      "onToolCallBefore",
      "onToolCallAfter",
      "onResourceRead",
      "onPromptGet",
      "onSessionCreate",
    ],
  });
  expect(await hook("onInitialize", "this")).toBe("this and more");
  expect(await hook("onToolsList", [`{"name": "a"}`, `{"name":"b"}`])).toEqual([
    { at: 1, text: `{"name":"b","description":"mine"}` },
    { at: 0 },
  ]);
  const call = { name: "s__t", server: "s", tool: "t", argumentsText: `{"n":1, "q":"?"}` };
  expect(await hook("onToolCallBefore", call)).toBeUndefined();
  expect(await hook("onToolCallBefore", { ...call, argumentsText: `{"n":5}` })).toEqual({
    argumentsText: `{"n":6}`,
    preface: "p",
  });
  expect(
    await hook("onToolCallAfter", { ...call, tool: "same" }, `{"content": [], "big": 12345678901234567890}`),
  ).toBeUndefined();
  expect(await hook("onToolCallAfter", call, `{"content":[],"isError":true}`)).toBe(
    `{"content":[{"type":"text","text":"?"}],"isError":true}`,
  );
  expect(await hook("onResourceRead", { uri: "u", server: "s" }, `{"contents":[]}`)).toBeUndefined();
  await expect(hook("onPromptGet", { name: "n", server: "s" }, `{"messages":[]}`)).rejects.toThrow(
    'without a list "messages"',
  );
  const tool = { do: "tool", tool: "hello", context: who, args: { who: "you" } };
  expect(await run(tool)).toEqual({ unknown: true });
  await hook("onSessionCreate");
  expect(told).toEqual([["registerTool", [{ name: "hello", description: "d", inputSchema: { type: "object" } }]]]);
  expect(await run(tool)).toEqual({ answer: `{"content":[{"type":"text","text":"hello you of i"}]}` });
  // Another's is another's.
  expect(await run({ ...tool, context: { ...who, identity: { id: "j" } } })).toEqual({ unknown: true });
});

async function until(holds: () => boolean) {
  for (let i = 0; i < 500 && !holds(); i++) await Bun.sleep(10);
  expect(holds()).toBe(true);
}
