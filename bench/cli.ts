// How fast it is to look at things, as ratios in one run: `bun bench/cli.ts [--rounds 15] [--objects 10000]`. Needs dist/mcpctl (`bun run build`).
// The floor is an empty compiled program, built here with the same flags; the runs are interleaved, since machines are noisy.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildEmpty } from "./empty-program.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, objects: { type: "string", default: "10000" } },
});
const rounds = Number(values.rounds);
const objects = Number(values.objects);
const executable = resolve("dist/mcpctl");
const folder = mkdtempSync(join(tmpdir(), "mcpctl-bench-"));
const url = `http://127.0.0.1:${12_000 + Math.floor(Math.random() * 20_000)}`;
const env = { PATH: process.env["PATH"] ?? "", HOME: folder, MCPCTL_URL: url, MCPCTL_LOG: "silent" };
const targets = { get: "target <= 4.0 x, < 60 ms", first: "target < 200 ms" } as const;

const empty = buildEmpty(folder);
const serve = Bun.spawn([executable, "serve", "--port", new URL(url).port], {
  env,
  stdout: "ignore",
  stderr: "inherit",
});
try {
  await ready();
  const servers = ["one", "two", "three"].map((name) => ({ name, url: "http://127.0.0.1:9/mcp" }));
  apply({ servers });
  const many = {
    // A tenth of them, and before there are prompts of every project, all of which each of them would have.
    projects: Array.from({ length: objects / 10 }, (_, i) => ({ name: `p${i}`, servers: ["one", "two"] })),
    prompts: Array.from({ length: objects }, (_, i) => ({ name: `p${i}`, content: `Say it in ${i} words.` })),
  };

  const wholes: Record<string, string[]> = {
    floor: [empty],
    "--version": [executable, "--version"],
    "get servers": [executable, "get", "servers"],
    "get server one -o json": [executable, "get", "server", "one", "-o", "json"],
    "describe server one": [executable, "describe", "server", "one"],
    "explain server": [executable, "explain", "server"],
    status: [executable, "status"],
  };
  const times = new Map(Object.keys(wholes).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++)
    for (const [name, command] of Object.entries(wholes)) times.get(name)?.push((await run(command)).whole);
  const floor = median(times.get("floor") ?? []);
  for (const [name, list] of times) row(name, median(list), floor, name.startsWith("get ") ? targets.get : "");

  for (const [plural, items] of Object.entries(many)) {
    for (let i = 0; i < items.length; i += 200) apply({ [plural]: items.slice(i, i + 200) });
    for (const format of ["table", "json", "name"]) {
      const command = [executable, "get", plural, "-o", format];
      const runs: Run[] = [];
      for (let round = 0; round < Math.ceil(rounds / 3); round++) runs.push(await run(command));
      const lines = median(runs.map(({ lines }) => lines));
      row(
        `${items.length} ${plural} -o ${format}, first`,
        median(runs.map(({ first }) => first)),
        floor,
        targets.first,
      );
      row(
        `${items.length} ${plural} -o ${format}, whole`,
        median(runs.map(({ whole }) => whole)),
        floor,
        `${lines} lines`,
      );
    }
  }
} finally {
  serve.kill("SIGTERM");
  await serve.exited;
  rmSync(folder, { recursive: true, force: true });
}

type Run = { first: number; whole: number; lines: number };

/** From the start of a process to its first byte and to its end, in milliseconds. */
async function run(command: string[]): Promise<Run> {
  const start = performance.now();
  const child = Bun.spawn(command, { env, stdout: "pipe", stderr: "pipe" });
  let first = Number.NaN;
  let lines = 0;
  for await (const chunk of child.stdout) {
    if (Number.isNaN(first)) first = performance.now() - start;
    for (const byte of chunk) if (byte === 10) lines++;
  }
  const code = await child.exited;
  if (code !== 0)
    throw new Error(`${command.join(" ")} ended with ${code}: ${await new Response(child.stderr).text()}`);
  return { first, whole: performance.now() - start, lines };
}

function apply(document: unknown): void {
  const { exitCode, stderr } = Bun.spawnSync([executable, "apply", "-f", "-"], {
    env,
    stdin: Buffer.from(JSON.stringify(document)),
  });
  if (exitCode !== 0) throw new Error(`apply: ${stderr}`);
}

async function ready(): Promise<void> {
  // The login for this user is left just after the server answers.
  for (const end = performance.now() + 10_000; !existsSync(join(folder, ".mcpctl/credentials")); await Bun.sleep(20))
    if (performance.now() > end) throw new Error("serve did not become ready");
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}
function row(what: string, ms: number, floor: number, target: string): void {
  process.stdout.write(
    `${what.padEnd(40)}${`${ms.toFixed(1)} ms`.padStart(12)}${`${(ms / floor).toFixed(1)} x`.padStart(9)}  ${target}\n`,
  );
}
