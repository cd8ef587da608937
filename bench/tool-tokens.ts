// How far the estimate of tokens is off, against two real tokenizers over the corpus of tools and over texts of this repository:
// `bun bench/tool-tokens.ts`. gpt-tokenizer is installed into a scratch folder: it is megabytes, and nothing else needs it.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { tokensIn } from "../src/mcp/budget/tokens.ts";
import { readCorpus } from "./tool-corpus/corpus.ts";

const folder = "/tmp/mcpctl-tokenizer";
const name = "gpt-tokenizer";
if (!existsSync(join(folder, "node_modules", name))) {
  mkdirSync(folder, { recursive: true });
  await Bun.write(join(folder, "package.json"), "{}");
  const run = Bun.spawnSync([process.execPath, "add", "--ignore-scripts", `${name}@4.0.0`], { cwd: folder });
  if (run.exitCode !== 0) throw new Error(`not installed: ${run.stderr}`);
}
type Tokenizer = { encode: (text: string) => number[] };
const say = (text: string) => process.stdout.write(`${text}\n`);
const tokenizer = (encoding: string): Promise<Tokenizer> =>
  import(join(folder, "node_modules", name, "esm/encoding", `${encoding}.js`));
const [o200k, cl100k] = [await tokenizer("o200k_base"), await tokenizer("cl100k_base")];

const definitions = (await readCorpus()).flatMap(({ tools }) =>
  tools.map(({ name: of, description, inputSchema }) =>
    JSON.stringify({ name: of, description, parameters: inputSchema }),
  ),
);
async function filesOf(...patterns: string[]): Promise<string[]> {
  const texts: string[] = [];
  for (const pattern of patterns)
    for await (const file of new Glob(pattern).scan(join(import.meta.dir, "..")))
      texts.push((await Bun.file(join(import.meta.dir, "..", file)).text()).slice(0, 20_000));
  return texts;
}
const groups: Record<string, string[]> = {
  "tool definitions": definitions,
  prose: await filesOf("*.md", "docs/**/*.md"),
  code: await filesOf("src/mcp/**/*.ts"),
  "YAML and JSON": await filesOf("examples/**/*.yaml", "*.json"),
};
const at = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
const percent = (ratio: number) => `${ratio < 1 ? "-" : "+"}${Math.abs(100 * (ratio - 1)).toFixed(0)} %`;
say(
  `${"estimate against".padEnd(30)}${["texts", "tokens", "in sum", "p5", "median", "p95"].map((head) => head.padStart(10)).join("")}`,
);
for (const [encoding, { encode }] of Object.entries({ o200k, cl100k }))
  for (const [group, texts] of Object.entries(groups)) {
    const real = texts.map((text) => encode(text).length);
    const ours = texts.map(tokensIn);
    const ratios = real.map((count, n) => (ours[n] ?? 0) / Math.max(1, count)).sort((a, b) => a - b);
    const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
    const cells = [
      String(texts.length),
      String(sum(real)),
      percent(sum(ours) / sum(real)),
      ...[0.05, 0.5, 0.95].map((share) => percent(at(ratios, share))),
    ];
    say(`${`${encoding}, ${group}`.padEnd(30)}${cells.map((cell) => cell.padStart(10)).join("")}`);
  }

const text = definitions.join("").slice(0, 100_000);
for (const [counter, count] of Object.entries({ estimate: tokensIn, o200k: (of: string) => o200k.encode(of).length })) {
  const times = Array.from({ length: 30 }, () => {
    const start = Bun.nanoseconds();
    count(text);
    return (Bun.nanoseconds() - start) / 1e6;
  }).sort((a, b) => a - b);
  say(`${counter}: ${times[0]?.toFixed(2)} ms for 100 KB at best, ${at(times, 0.5).toFixed(2)} ms in the median`);
}
