// Plants one fault at a time in a copy of the source and runs the tests of rights against it. Ends with the faults that nothing found; none is 0.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judgeRun, type Mutant, mutants, plant, type Verdict } from "../test/rbac/mutants.ts";

const root = join(import.meta.dir, "..");
/** What is quick comes first; a fault that is found is not looked for any further. */
const stages: { runs: number; files: string[] }[] = [
  { runs: 400, files: ["evaluate", "properties/covers", "properties/order"] },
  { runs: 400, files: ["chains", "surfaces"] },
  { runs: 400, files: ["thief", "lifetime", "collusion", "surfaces"].map((name) => `properties/${name}`) },
  { runs: 4000, files: ["differential", "../scenarios/rights", "../scenarios/prompts", "../scenarios/curation"] },
  { runs: 4000, files: ["thief", "lifetime", "collusion"].map((name) => `properties/${name}`) },
];
const patienceMs = 60_000;

const wanted = process.argv[2];
const queue = mutants.filter(({ name }) => wanted === undefined || name.includes(wanted));
const seed = process.env["SEED"] ?? String(Math.floor(Math.random() * 0x7fffffff));
process.stdout.write(`${queue.length} mutants, SEED=${seed}\n`);

/** The tests of one stage against what lies in a folder. */
async function stage(folder: string, { runs, files }: (typeof stages)[number]): Promise<Verdict> {
  const run = Bun.spawn(
    [process.execPath, "test", "--bail", ...files.map((name) => join("test/rbac", `${name}.test.ts`))],
    {
      cwd: folder,
      env: { ...process.env, RUNS: String(runs), SEED: seed },
      stdout: "pipe",
      stderr: "pipe",
      timeout: patienceMs,
      killSignal: "SIGKILL",
    },
  );
  const [out, err] = await Promise.all([new Response(run.stdout).text(), new Response(run.stderr).text(), run.exited]);
  return judgeRun(run.exitCode, out + err);
}

async function trial(folder: string, mutant: Mutant): Promise<Verdict> {
  const path = join(folder, mutant.file);
  const sound = readFileSync(path, "utf8");
  writeFileSync(path, plant(mutant, sound));
  try {
    for (const one of stages) {
      const verdict = await stage(folder, one);
      if (verdict.verdict === "killed") return verdict;
    }
    return { verdict: "SURVIVED", by: "" };
  } finally {
    writeFileSync(path, sound);
  }
}

/** A copy of its own for each lane; the working tree is never touched. */
async function lane(): Promise<Mutant[]> {
  const folder = mkdtempSync(join(tmpdir(), "mcpctl-mutants-"));
  const survivors: Mutant[] = [];
  try {
    for (const name of ["src", "test", "package.json", "tsconfig.json", "bunfig.toml"])
      cpSync(join(root, name), join(folder, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const from = performance.now();
      const { verdict, by } = await trial(folder, mutant);
      if (verdict === "SURVIVED") survivors.push(mutant);
      const ms = String(Math.round(performance.now() - from));
      process.stdout.write(
        `${verdict.padEnd(9)}${mutant.name.padEnd(44)}${mutant.file.padEnd(30)}${ms.padStart(6)} ms  ${by.slice(0, 100)}\n`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return survivors;
}

const from = performance.now();
const count = queue.length;
const survivors = (await Promise.all([lane(), lane()])).flat();
const seconds = Math.round((performance.now() - from) / 1000);
process.stdout.write(`${count - survivors.length} of ${count} mutants killed in ${seconds} s\n`);
process.exit(survivors.length === 0 ? 0 : 1);
