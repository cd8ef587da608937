// How fast and how small, as ratios in one run: `bun bench/startup.ts [--rounds 20] [--json FILE]`. Needs dist/mcpctl (`bun run build`).
// The floor is an empty compiled program, built here with the same flags; the runs are interleaved, since machines are noisy.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildEmpty } from "./empty-program.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "20" }, json: { type: "string" } } });
const rounds = Number(values.rounds);
const executable = resolve("dist/mcpctl");
const folder = mkdtempSync(join(tmpdir(), "mcpctl-bench-"));
const data = join(folder, "data");
const env = { PATH: process.env["PATH"] ?? "", HOME: folder, MCPCTL_LOG: "silent" };
const targets = { version: 1.5, completion: 1.5, serve: 4, rssMb: 80, sizeMb: 125 } as const;

try {
  const empty = buildEmpty(folder);
  await serveUntilReady(data).then(({ stop }) => stop());
  const times = { empty: [] as number[], version: [] as number[], completion: [] as number[], serve: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.empty.push(timeOf([empty]));
    times.version.push(timeOf([executable, "--version"]));
    times.completion.push(timeOf([executable, "__complete", "1", ":get", ":"]));
    const { readyMs, stop } = await serveUntilReady(data);
    times.serve.push(readyMs);
    await stop();
  }
  const floor = median(times.empty);
  row("empty compiled program", `${floor.toFixed(1)} ms`, "1.0 x", "");
  row(
    "mcpctl --version",
    `${median(times.version).toFixed(1)} ms`,
    ratio(median(times.version), floor),
    `target <= ${targets.version} x`,
  );
  row(
    "completion of static words",
    `${median(times.completion).toFixed(1)} ms`,
    ratio(median(times.completion), floor),
    `target <= ${targets.completion} x`,
  );
  row(
    "serve ready, existing data",
    `${median(times.serve).toFixed(1)} ms`,
    ratio(median(times.serve), floor),
    `target <= ${targets.serve} x`,
  );
  const { rss, cpuMs } = await idle();
  row("RSS idle, two HTTP upstreams", `${rss.toFixed(0)} MB`, "", `target <= ${targets.rssMb} MB`);
  row("the same, CPU a minute", `${cpuMs.toFixed(0)} ms`, "", "");
  row("executable", `${(statSync(executable).size / 1e6).toFixed(1)} MB`, "", `target < ${targets.sizeMb} MB`);
  const ms = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
  const measured = { ...ms, rssMb: rss, cpuMs, sizeMb: statSync(executable).size / 1e6 };
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(measured));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function timeOf(command: string[]): number {
  const start = performance.now();
  const { exitCode } = Bun.spawnSync(command, { env, stdout: "ignore", stderr: "ignore" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}`);
  return performance.now() - start;
}

/** From the start of the process to the first answer of /readyz. Asked every millisecond: asking without a pause takes both cores from what is measured. */
async function serveUntilReady(dataDir: string, manifest?: string) {
  const port = 12_000 + Math.floor(Math.random() * 20_000);
  const start = performance.now();
  const child = Bun.spawn([executable, "serve", "--port", String(port), "--data-dir", dataDir], {
    env,
    stdout: "ignore",
    stderr: "inherit",
  });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok === true) break;
    if (performance.now() - start > 10_000) throw new Error("serve did not become ready");
    await Bun.sleep(1);
  }
  const readyMs = performance.now() - start;
  if (manifest !== undefined)
    Bun.spawnSync([executable, "apply", "-f", "-", "--url", url], { env, stdin: Buffer.from(manifest) });
  const stop = async () => {
    child.kill("SIGTERM");
    await child.exited;
  };
  return { readyMs, url, pid: child.pid, stop };
}

/** Resident memory ten seconds after two upstreams over HTTP were listed, and what the next ten cost while nobody asks for anything. */
async function idle(): Promise<{ rss: number; cpuMs: number }> {
  const { startHttpServer } = await import("../test/servers/http-server.ts");
  const upstreams = [startHttpServer({ name: "one" }), startHttpServer({ name: "two" })];
  const servers = upstreams.map(({ url }, index) => ({ name: `up${index}`, url }));
  const { pid, stop } = await serveUntilReady(
    join(folder, "rss"),
    JSON.stringify({ servers, projects: [{ name: "p", servers: ["up0", "up1"] }] }),
  );
  await Bun.sleep(10_000);
  const rss = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  const before = cpuMsOf(pid);
  await Bun.sleep(10_000);
  const cpuMs = (cpuMsOf(pid) - before) * 6;
  await stop();
  for (const upstream of upstreams) await upstream.stop();
  return { rss, cpuMs };
}

/** Of all its threads, in milliseconds. */
function cpuMsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((id) => readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8").split(" ")[0]);
  return nanoseconds.reduce((sum, text) => sum + Number(text), 0) / 1e6;
}

function median(list: number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}
function ratio(value: number, floor: number): string {
  return `${(value / floor).toFixed(1)} x`;
}
function row(what: string, value: string, times: string, target: string): void {
  process.stdout.write(`${what.padEnd(32)}${value.padStart(10)}${times.padStart(9)}  ${target}\n`);
}
