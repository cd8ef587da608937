// What a call costs: `bun bench/calls.ts [--rounds 5] [--calls 2000]`. Needs dist/mcpctl (`bun run build`).
import { parseArgs } from "node:util";
import { drive } from "./load/drive.ts";
import { callerOf, type Era } from "./load/speech.ts";
import { workOf } from "./process.ts";
import { quantile } from "./slopes.ts";
import { floor, mcpctl, startUpstream, type Target } from "./targets.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    calls: { type: "string", default: "2000" },
    only: { type: "string", default: "" },
  },
});
const [rounds, calls] = [Number(values.rounds), Number(values.calls)];

Bun.spawnSync(["taskset", "-a", "-c", "-p", "1", String(process.pid)], { stdout: "ignore" });
const upstream = await startUpstream();
const http = await mcpctl("mcpctl http", { url: `http://127.0.0.1:${upstream.port}/s/0/mcp` });
const old = await mcpctl("mcpctl legacy", { url: `http://127.0.0.1:${upstream.port}/s/0/mcp?legacy=1` });
const sse = await mcpctl("mcpctl sse", { url: `http://127.0.0.1:${upstream.port}/s/0/mcp?legacy=1&events=1` });
const stdio = await mcpctl("mcpctl stdio", {
  command: [process.execPath, `${import.meta.dir}/programs/stdio-upstream.ts`],
});
const base = await floor(upstream.port);
await Bun.sleep(1500);
const targets = [base, http, old, sse, stdio];

const cases: [string, Era, number, object, string][] = [
  ["small, 32 at once", "legacy", 32, { text: "hello" }, "hello"],
  ["small, 32 at once", "modern", 32, { text: "hello" }, "hello"],
  ["64 KiB, 16 at once", "modern", 16, { text: "", kib: 64 }, "quick"],
  ["64 KiB, 16 at once", "legacy", 16, { text: "", kib: 64 }, "quick"],
  ["small, one", "modern", 1, { text: "hello" }, "hello"],
];
for (const [what, era, callers, args, holds] of cases) {
  if (!`${what} ${era}`.includes(values.only)) continue;
  const all = new Map<Target, { cpu: number[]; p50: number[]; p99: number[]; rate: number[] }>();
  for (const target of targets) all.set(target, { cpu: [], p50: [], p99: [], rate: [] });
  const ready = new Map<Target, Awaited<ReturnType<typeof callerOf>>[]>();
  const tool = "kib" in args ? "give" : "echo";
  for (const target of targets)
    ready.set(
      target,
      await Promise.all(
        Array.from({ length: callers }, () => callerOf(target.door, era, target.tool(tool), args, holds)),
      ),
    );
  for (let round = -2; round < rounds; round++)
    for (const target of targets) {
      const before = workOf(target.pid);
      const { times, seconds } = await drive(ready.get(target) ?? [], calls);
      await Bun.sleep(50);
      const worked = workOf(target.pid) - before;
      if (round < 0) continue;
      const figures = all.get(target);
      times.sort();
      figures?.cpu.push((worked / calls) * 10);
      figures?.p50.push(quantile([...times], 0.5));
      figures?.p99.push(quantile([...times], 0.99));
      figures?.rate.push(calls / seconds);
    }
  const baseCpu = quantile(all.get(base)?.cpu ?? [], 0.5);
  for (const [target, f] of all) {
    const cpu = quantile(f.cpu, 0.5);
    console.log(
      `${what} ${era}`.padEnd(30),
      target.name.padEnd(14),
      `${cpu.toFixed(2)} s/10k`,
      `${(cpu / baseCpu).toFixed(2)} x`,
      `p50 ${quantile(f.p50, 0.5).toFixed(2)} p99 ${quantile(f.p99, 0.5).toFixed(2)} ms`,
      `${quantile(f.rate, 0.5).toFixed(0)}/s`,
    );
  }
  for (const list of ready.values()) for (const { connection } of list) connection.close();
}
for (const target of targets) await target.close();
await upstream.close();
