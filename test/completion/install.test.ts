import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shells } from "../../src/cli/completion/shells.ts";
import { processEnvironment } from "../../src/cli/environment.ts";
import { run } from "../../src/cli/run.ts";

const home = mkdtempSync(join(tmpdir(), "mcpctl-install-"));
afterAll(() => {
  chmodSync(home, 0o700);
  rmSync(home, { recursive: true, force: true });
});

async function mcpctl(...words: string[]): Promise<[code: number, out: string, err: string]> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(words, {
    ...processEnvironment(),
    isTerminal: false,
    screen: undefined,
    isInteractive: false,
    // Variables that are empty lead nowhere: least of all to the folder that one is in.
    variables: { HOME: home, XDG_DATA_HOME: "", XDG_CONFIG_HOME: "" },
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
  });
  return [code, out.join("\n"), err.join("\n")];
}

test.each(Object.entries(shells).filter(([, { file }]) => file !== undefined))(
  "the script for %s is printed, and put where the shell looks for it, once",
  async (shell, { script, file, rest }) => {
    const path = file?.({}, home) ?? "";
    expect(await mcpctl("completion", shell)).toEqual([0, script.trimEnd(), ""]);
    expect(await mcpctl("completion", shell, "--install")).toEqual([0, `Written: ${path}\n${rest}`, ""]);
    expect(await mcpctl("completion", shell, "--install")).toEqual([0, `Unchanged: ${path}\n${rest}`, ""]);
    expect(readFileSync(path, "utf8")).toBe(script);
  },
);

test("what cannot be put anywhere is told, with what to do instead", async () => {
  const [code, , err] = await mcpctl("completion", "powershell", "--install");
  expect([code, err]).toEqual([
    2,
    `error: powershell looks in no folder for completion\nhint: ${shells["powershell"]?.rest}`,
  ]);
  expect((await mcpctl("completion", "fisch"))[2]).toContain('Did you mean "fish"?');
});

test("the manual page is printed, and put where man looks for it", async () => {
  const page = readFileSync("src/cli/manual/mcpctl.1", "utf8");
  expect(await mcpctl("man")).toEqual([0, page.trimEnd(), ""]);
  expect((await mcpctl("man", "--install"))[1]).toBe(`Written: ${home}/.local/share/man/man1/mcpctl.1`);
  expect(readFileSync(`${home}/.local/share/man/man1/mcpctl.1`, "utf8")).toBe(page);
});
