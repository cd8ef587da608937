import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readCredentials } from "../../src/lib/credentials-file.ts";
import { startHttpServer } from "../servers/http-server.ts";

export type Gateway = Awaited<ReturnType<typeof startGateway>>;

export const everything = "@modelcontextprotocol/server-everything@2026.8.31";

const executable = resolve(import.meta.dir, "../../dist/mcpctl");
/** mcpctl as it was built, else from its source. */
export const program = existsSync(executable)
  ? [executable]
  : [process.execPath, resolve(import.meta.dir, "../../src/main.ts")];

/**
 * `mcpctl serve` as people run it: a process of its own on a loopback port, with the project `demo` of two upstreams, `everything` (from npm,
 * over stdio) and `near` (the fixture over HTTP, in this process, which remembers what it was sent). Others can be applied.
 */
export async function startGateway() {
  const home = mkdtempSync(join(tmpdir(), "mcpctl-interop-"));
  const near = startHttpServer({ name: "near" });
  const cache = process.env["BUN_INSTALL_CACHE_DIR"] ?? `${process.env["HOME"]}/.bun/install/cache`;
  const start = (port: string) =>
    Bun.spawn([...program, "serve", "--port", port, "--log", "warn"], {
      env: { PATH: process.env["PATH"] ?? "", HOME: home, BUN_INSTALL_CACHE_DIR: cache },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
  let serve = start("0");
  const url = await addressOf(serve.stdout);
  const admin = readCredentials(join(home, ".mcpctl/credentials"))[url]?.token ?? "";

  async function api(method: string, path: string, body?: object) {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${admin}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
    return (text === "" ? {} : JSON.parse(text)) as any;
  }
  const apply = (documents: object[]) => api("POST", "/api/v1/apply", { documents });
  /** A new token of a project; its `id` is what it is revoked by. */
  const mint = (name: string, project = "demo"): Promise<{ id: string; token: string }> =>
    api("POST", "/api/v1/mcptokens", { name, project });

  async function stop() {
    serve.kill("SIGTERM");
    await serve.exited;
  }
  /** The same data under the same address, in a new process. */
  async function restart() {
    await stop();
    serve = start(new URL(url).port);
    await addressOf(serve.stdout);
  }
  async function close() {
    near.stop();
    await stop();
    rmSync(home, { recursive: true, force: true });
  }

  try {
    await apply([
      { kind: "server", name: "everything", packageName: everything },
      { kind: "server", name: "near", transport: "http", url: near.url },
      { kind: "project", name: "demo", servers: ["everything", "near"], prompt: "Tools that echo." },
    ]);
    const { token } = await mint("interop");
    await listed(`${url}/projects/demo/mcp`, token, ["everything__echo", "near__echo"]);
    return { url, mcp: `${url}/projects/demo/mcp`, token, near, api, apply, mint, restart, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The calls that reached the fixture with this text in them. */
export const callsWith = ({ near }: Gateway, text: string): number =>
  near.requests.filter(({ method, body }) => method === "tools/call" && body.includes(text)).length;

async function addressOf(output: ReadableStream<Uint8Array>): Promise<string> {
  let printed = "";
  for await (const chunk of output) {
    printed += Buffer.from(chunk).toString();
    const url = /serves at (\S+) /.exec(printed)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(`serve ended before it served:\n${printed}`);
}

/** A package is fetched at its first start, which takes as long as it takes. */
async function listed(url: string, token: string, wanted: readonly string[]): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  for (const end = performance.now() + 60_000; performance.now() < end; await Bun.sleep(100)) {
    const text = await (await fetch(url, { method: "POST", headers, body })).text();
    if (wanted.every((name) => text.includes(`"${name}"`))) return;
  }
  throw new Error(`these tools were not there after a minute: ${wanted.join(", ")}`);
}
