import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const newest = import.meta.resolve("@modelcontextprotocol/conformance/dist/index.js");
const first = import.meta.resolve("conformance-0.1.16/dist/index.js");

/** What the official suite can be asked for of a server, by the name that the score gives it. */
export const suites = {
  "2025-11-25": { program: newest, words: ["--requirements", "2025-11-25"] },
  "2026-07-28": { program: newest, words: ["--requirements", "2026-07-28"] },
  "0.1.16": { program: first, words: ["--suite", "all"] },
};
export type SuiteName = keyof typeof suites;

/** How many checks of a scenario passed and failed, and what the suite says of those that failed. */
export type Count = { passed: number; failed: number; why?: string[] };
/** Checks by scenario, in the suite's order. */
export type Score = Map<string, Count>;

const limitMs = 5 * 60_000;

/** Runs one of the suites against a server; with a token when it is the gateway. */
export async function serverScore(name: SuiteName, url: string, token?: string): Promise<Score> {
  const { program, words } = suites[name];
  const preload = token === undefined ? [] : ["--preload", join(import.meta.dir, "bearer.ts")];
  const env = token === undefined ? {} : { MCP_BEARER: token, MCP_BEARER_ORIGIN: new URL(url).origin };
  return await scoreOf([...preload, fileURLToPath(program), "server", "--url", url, ...words], env);
}

/** Runs a command of the suite and counts what it wrote down: the checks of each scenario. */
export async function scoreOf(command: string[], env: Record<string, string>): Promise<Score> {
  const out = mkdtempSync(join(tmpdir(), "mcpctl-checks-"));
  const child = Bun.spawn([process.execPath, ...command, "-o", out], {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    timeout: limitMs,
  });
  await child.exited;
  const folders = readdirSync(out).map((folder) => ({ folder, ...datedOf(folder) }));
  const score: Score = new Map();
  for (const { folder, scenario } of folders.sort((a, b) => a.date.localeCompare(b.date)))
    score.set(scenario, await countOf(join(out, folder, "checks.json")));
  rmSync(out, { recursive: true });
  return score;
}

function datedOf(folder: string): { scenario: string; date: string } {
  const date = folder.slice(-"2026-01-01T00-00-00-000Z".length);
  return { date, scenario: folder.slice(0, -date.length - 1).replace(/^server-/, "") };
}

/** A warning counts as failed: the fixture has none, so one is something lost on the way. */
async function countOf(file: string): Promise<Count> {
  if (!(await Bun.file(file).exists())) return { passed: 0, failed: 1 };
  const checks = (await Bun.file(file).json()) as { status: string; id: string; errorMessage?: string }[];
  const failed = checks.filter(({ status }) => status === "FAILURE" || status === "WARNING");
  return {
    passed: checks.filter(({ status }) => status === "SUCCESS").length,
    failed: failed.length,
    why: failed.map(({ id, errorMessage = "" }) => `${id}: ${errorMessage.slice(0, 300)}`),
  };
}

export const totalOf = (score: Score): Count =>
  [...score.values()].reduce(
    (sum, { passed, failed }) => ({ passed: sum.passed + passed, failed: sum.failed + failed }),
    { passed: 0, failed: 0 },
  );
