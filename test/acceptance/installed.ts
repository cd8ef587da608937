import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const executable = resolve(import.meta.dir, "../../dist/mcpctl");

export type Serve = Bun.Subprocess<"ignore", "pipe", "pipe">;

/** The compiled executable on a machine of its own: a home, a data folder, a port, and what a person types there. `offset` keeps two of them apart; it serves in `folder`, its home when absent. */
export function installed(name: string, offset: number, folder?: string) {
  if (!existsSync(executable)) throw new Error("dist/mcpctl is missing: bun run build");
  const home = mkdtempSync(join(tmpdir(), `mcpctl-${name}-`));
  const data = join(home, "data");
  const port = 23_000 + ((process.pid + offset) % 20_000);
  const url = `http://127.0.0.1:${port}`;
  // The cache of packages is the machine's own, so that a test run fetches each version once.
  const env: Record<string, string | undefined> = {
    ...process.env,
    HOME: home,
    MCPCTL_URL: url,
    BUN_INSTALL_CACHE_DIR: process.env["BUN_INSTALL_CACHE_DIR"] ?? `${process.env["HOME"]}/.bun/install/cache`,
  };
  let printed = "";

  function mcpctl(words: string[], stdin = "") {
    const { exitCode, stdout, stderr } = Bun.spawnSync([executable, ...words], {
      env,
      cwd: home,
      stdin: Buffer.from(stdin),
    });
    return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
  }

  function ok(words: string[], stdin = ""): string {
    const { code, out, err } = mcpctl(words, stdin);
    if (code !== 0) throw new Error(`mcpctl ${words.join(" ")} ended with ${code}: ${err}`);
    return out;
  }

  /** The same while this process goes on: for what asks a server that stands in it. */
  async function okMeanwhile(words: string[]): Promise<string> {
    const child = Bun.spawn([executable, ...words], {
      env,
      cwd: home,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    if ((await child.exited) !== 0) throw new Error(`mcpctl ${words.join(" ")} failed: ${err}`);
    return out;
  }

  async function startServe(...flags: string[]): Promise<Serve> {
    const child = Bun.spawn(
      [executable, "serve", "--port", String(port), "--data-dir", data, "--log", "warn", ...flags],
      { env, cwd: folder ?? home, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
    );
    const reader = child.stdout.getReader();
    printed = "";
    while (!printed.includes("serves at")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`serve ended: ${await new Response(child.stderr).text()}`);
      printed += new TextDecoder().decode(value);
    }
    void (async () => {
      for (let part = await reader.read(); !part.done; part = await reader.read())
        printed += new TextDecoder().decode(part.value);
    })();
    return child;
  }

  async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
    for (const end = performance.now() + ms; performance.now() < end; await Bun.sleep(100)) if (await holds()) return;
    throw new Error(`it never happened: ${what}\n${ok(["get", "instances"])}`);
  }

  type Listed = { items: { name: string; status: { state: string } }[] };
  return {
    executable,
    env,
    home,
    data,
    url,
    mcpctl,
    ok,
    okMeanwhile,
    startServe,
    until,
    /** What the running `serve` has printed so far. */
    printed: () => printed,
    states: () => (JSON.parse(ok(["get", "servers", "-o", "json"])) as Listed).items,
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}
