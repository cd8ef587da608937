import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { hostileInstance } from "./instance.ts";
import { typist } from "./typist.ts";

/** The compiled executable in the real shells, before an instance that names its servers so that a careless script would run them. */
const instance = hostileInstance();
const home = mkdtempSync(join(tmpdir(), "mcpctl-shells-"));
const env = {
  PATH: `${resolve("dist")}:${process.env["PATH"]}`,
  HOME: home,
  TERM: "xterm",
  LANG: "C.UTF-8",
  MCPCTL_URL: instance.url,
  MCPCTL_TOKEN: "mcpctl_ses_none",
  // What is tried here is not how fast a busy machine is.
  MCPCTL_COMPLETION_MS: "5000",
};
writeFileSync(join(home, "stack.yaml"), "");
afterAll(async () => {
  await instance.stop();
  rmSync(home, { recursive: true, force: true });
});

/** What a person types before the key that completes, and what must come of it. */
const completed: [typed: string, line: string][] = [
  ["token revoke-l", "token revoke-leaked "],
  ["get servers fil", "get servers files "],
  ["get servers --output=ya", "get servers --output=yaml "],
  ["describe user alice@ex", "describe user alice@example.com "],
  ["auth can-i view --as User:al", "auth can-i view --as User:alice@example.com "],
  ["apply --filename=st", "apply --filename=stack.yaml "],
  ["create server x -- des", "create server x -- des"],
];

const erase = "\u0015";
const start = "\u0001";
const end = "\u0005";
const printed = (text: string) => new RegExp(`[\\r\\n]${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`);

/** Every line, typed and completed in one shell, and then printed by it. */
async function tryAll(shell: ReturnType<typeof typist>): Promise<void> {
  for (const [typed, line] of completed) {
    // The X shows what stands at the end of the line.
    await shell.type(`${erase}mcpctl ${typed}\tX${start}echo '[${end}]'\r`, printed(`[mcpctl ${line}X]`));
  }
}

describe.skipIf(Bun.which("bash") === null)("bash", () => {
  test("completes as it is typed, lists what there is, and runs nothing that it was told", async () => {
    const shell = typist(["bash", "--norc", "--noprofile", "-i"], env, home);
    try {
      await shell.type("PS1='> '; source <(mcpctl completion bash); echo read''y\r", /ready\r/);
      await tryAll(shell);
      const listed = await shell.type(`${erase}mcpctl get servers fi\t\t`, /files +fine/);
      expect(listed).not.toMatch(/touch|yes|31m/);
      await shell.type(`${erase}mcpctl token \t\t`, /create +list +revoke +revoke-leaked +rotate/);
    } finally {
      await shell.leave();
    }
    expect(existsSync(join(home, "ran"))).toBe(false);
  });
});

describe.skipIf(Bun.which("zsh") === null)("zsh", () => {
  test("completes as it is typed, lists what there is and what it means, and runs nothing that it was told", async () => {
    const shell = typist(["zsh", "-f", "-i"], env, home);
    try {
      const prepare = "autoload -Uz compinit; compinit -u -D; source <(mcpctl completion zsh)";
      await shell.type(`PS1='> '; ${prepare}; echo read''y\r`, /ready\r/);
      await tryAll(shell);
      const listed = await shell.type(`${erase}mcpctl get servers fi\t\t`, /files +fine/);
      expect(listed).not.toMatch(/touch|yes|31m/);
      await shell.type(`${erase}mcpctl token \t\t`, /create +-- Mint a token for a project/);
    } finally {
      await shell.leave();
    }
    expect(existsSync(join(home, "ran"))).toBe(false);
  });
});

describe.skipIf(Bun.which("fish") === null)("fish", () => {
  /** What fish would offer, with what it says of it. */
  async function offered(...lines: string[]): Promise<string[][]> {
    const asked = lines.map((line) => `complete -C '${line}'; echo ---`).join("; ");
    const script = `complete -c mcpctl -a stale; source (mcpctl completion fish | psub); ${asked}`;
    const fish = Bun.spawn(["fish", "--no-config", "-c", script], { env, cwd: home, stdout: "pipe", stderr: "pipe" });
    expect(await new Response(fish.stderr).text()).toBe("");
    return (await new Response(fish.stdout).text())
      .split("---\n")
      .map((part) => part.split("\n").filter((line) => line !== ""));
  }

  test("offers words with what they mean, forgets older rules, and runs nothing that it was told", async () => {
    const lines = completed.map(([typed]) => `mcpctl ${typed}`);
    const answers = await offered("mcpctl get servers ", "mcpctl token ", "mcpctl sta", ...lines);
    expect(answers[0]).toEqual(["files", "fine"]);
    expect(answers[1]?.[0]).toBe("create\tMint a token for a project");
    expect(answers[2]?.map((line) => line.split("\t")[0])).toEqual(["status"]);
    for (const [index, [typed, line]] of completed.entries()) {
      const word = line.trim().split(" ").at(-1);
      const found = answers[index + 3]?.map((offer) => offer.split("\t")[0]);
      expect([typed, found]).toEqual([typed, line.endsWith(" ") ? [word ?? ""] : []]);
    }
    expect(existsSync(join(home, "ran"))).toBe(false);
  });
});

test("offline there is no word and no error", () => {
  const { stdout, stderr, exitCode } = Bun.spawnSync(["dist/mcpctl", "__complete", "2", ":get", ":servers", ":"], {
    env: { ...env, MCPCTL_URL: "http://127.0.0.1:9" },
  });
  expect([stdout.toString().trim(), stderr.toString(), exitCode]).toEqual(["", "", 0]);
});
