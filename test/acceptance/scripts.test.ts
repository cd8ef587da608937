import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { verbs } from "../../src/cli/verbs.ts";
import { fixture } from "../world.ts";

/**
 * Command lines and what they must answer, as text files: each `$ ` line is run by a shell with the compiled executable on its path, `> NAME`
 * keeps what it printed, and the lines below say what is expected: `exit N` (0 when absent), and `out` or `err` with words that must be in it.
 */
const executable = resolve(import.meta.dir, "../../dist/mcpctl");
const folder = join(import.meta.dir, "scripts");
const home = mkdtempSync(join(tmpdir(), "mcpctl-scripts-"));
const URL_ = `http://127.0.0.1:${23_000 + ((process.pid + 7_000) % 20_000)}`;
const variables: Record<string, string> = {
  PATH: `${resolve("dist")}:${process.env["PATH"]}`,
  HOME: home,
  MCPCTL_URL: URL_,
  URL: URL_,
  FIXTURE: fixture().join(" "),
  EXAMPLES: resolve("examples"),
  BUN: process.execPath,
  AGE: resolve("src/lib/age.ts"),
};
let serve: Bun.Subprocess;

type Step = { line: number; command: string; keep: string | undefined; expectations: string[] };

export function stepsOf(text: string): Step[] {
  const steps: Step[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.startsWith("$ ")) {
      const [, command = "", keep] = /^\$ (.*?)(?: > ([A-Z]+))?$/.exec(line) ?? [];
      steps.push({ line: index + 1, command, keep, expectations: [] });
    } else if (line.trim() !== "" && !line.startsWith("#")) {
      if (!/^(exit \d+|(out|err) .+)$/.test(line)) throw new Error(`line ${index + 1} is no expectation: ${line}`);
      steps.at(-1)?.expectations.push(line);
    }
  }
  return steps;
}

beforeAll(async () => {
  if (!existsSync(executable)) throw new Error("dist/mcpctl is missing: bun run build");
  const port = new URL(URL_).port;
  serve = Bun.spawn([executable, "serve", "--port", port, "--log", "warn"], { env: variables, stdout: "ignore" });
  for (const end = performance.now() + 10_000; performance.now() < end; await Bun.sleep(20)) {
    // The login for this user is left just after the server answers.
    if (existsSync(join(home, ".mcpctl/credentials"))) return;
  }
  throw new Error("serve did not become ready");
});
afterAll(async () => {
  serve.kill("SIGKILL");
  await serve.exited;
  rmSync(home, { recursive: true, force: true });
});

describe.each(readdirSync(folder).filter((name) => name.endsWith(".txt")))("%s", (name) => {
  test("every command answers as written", () => {
    for (const { line, command, keep, expectations } of stepsOf(readFileSync(join(folder, name), "utf8"))) {
      const { exitCode, stdout, stderr } = Bun.spawnSync(["sh", "-c", command], { env: variables, cwd: home });
      const said = { out: stdout.toString(), err: stderr.toString() };
      const where = `${name}:${line} ${command}`;
      const code = expectations.find((text) => text.startsWith("exit "))?.slice(5) ?? "0";
      expect([where, exitCode, said.err]).toEqual([where, Number(code), expect.any(String)]);
      for (const text of expectations.filter((expected) => !expected.startsWith("exit "))) {
        const stream = text.slice(0, 3) as "out" | "err";
        expect([where, said[stream]]).toEqual([where, expect.stringContaining(text.slice(4))]);
      }
      if (keep !== undefined) variables[keep] = said.out.trim();
    }
  }, 60_000);
});

test("every verb is in one of them; serve is what they talk to", () => {
  const text = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
  const missing = Object.keys(verbs).filter((verb) => !new RegExp(`mcpctl ${verb}\\b`).test(text));
  expect(missing).toEqual(["serve"]);
});

test("a script that expects nothing it can check is refused", () => {
  expect(() => stepsOf("$ true\nexpects nothing")).toThrow("line 2");
  expect(stepsOf("$ echo a > NAME\nexit 0")).toEqual([
    { line: 1, command: "echo a", keep: "NAME", expectations: ["exit 0"] },
  ]);
});
