import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const project = "suite";
export const server = "fixture";

/** What runs mcpctl: the compiled executable, or the source when MCPCTL_PROGRAM says so. */
const program = (): string[] =>
  process.env["MCPCTL_PROGRAM"] === "source" ? [process.execPath, resolve("src/main.ts")] : [resolve("dist/mcpctl")];

export type Gateway = { origin: string; token: string; stop: () => Promise<void> };

/**
 * A real `mcpctl serve` on a free port with data of its own, one server and one project of it, and a token for that project.
 * @throws Error with what mcpctl said when it cannot be set up so
 */
export async function startGateway(serverFields: object, projectFields: object = {}): Promise<Gateway> {
  const home = mkdtempSync(join(tmpdir(), "mcpctl-suite-"));
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, MCPCTL_DATA_DIR: join(home, "data"), MCPCTL_LOG: "warn" };
  const child = Bun.spawn([...program(), "serve", "--port", "0"], {
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: Bun.file(join(home, "stderr")),
  });
  const stop = async (): Promise<void> => {
    child.kill();
    const isGone = await Promise.race([child.exited.then(() => true), Bun.sleep(10_000)]);
    if (isGone !== true) child.kill("SIGKILL");
    rmSync(home, { recursive: true, force: true });
  };
  const mcpctl = (url: string, words: string[], stdin = ""): string => {
    const command = [...program(), ...words, "--url", url];
    const { exitCode, stdout, stderr } = Bun.spawnSync(command, { env, stdin: Buffer.from(stdin) });
    if (exitCode !== 0) throw new Error(`mcpctl ${words.join(" ")}: ${stderr.toString().trim()}`);
    return stdout.toString().trim();
  };
  try {
    const url = await servingAt(child.stdout);
    const documents = [
      { kind: "server", name: server, ...serverFields },
      { kind: "project", name: project, servers: [server], ...projectFields },
    ];
    mcpctl(url, ["apply", "-f", "-"], documents.map((document) => JSON.stringify(document)).join("\n---\n"));
    await known(() => mcpctl(url, ["get", "servers", server, "-o", "json"]));
    const token = mcpctl(url, ["token", "create", "suite", "-p", project, "--quiet"]);
    // The suite knows the guard against rebinding by this name alone.
    return { origin: url.replace("127.0.0.1", "localhost"), token, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits until what the server offers is known: before that a list may be empty, and a client that asks once would be content with it. */
async function known(describe: () => string): Promise<void> {
  for (const end = performance.now() + 20_000; performance.now() < end; await Bun.sleep(50)) {
    const { status } = JSON.parse(describe()) as { status?: { state?: string; tools?: number } };
    if (status?.state === "RUNNING" && status.tools !== undefined) return;
  }
  throw new Error("mcpctl has not reached the server within 20 s");
}

async function servingAt(output: ReadableStream<Uint8Array>): Promise<string> {
  let said = "";
  const decoder = new TextDecoder();
  for await (const chunk of output) {
    said += decoder.decode(chunk, { stream: true });
    const url = /serves at (http:\S+)/.exec(said)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error("mcpctl serve ended before it served");
}
