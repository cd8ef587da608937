import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readCredentials } from "../../src/lib/credentials-file.ts";

export const built = resolve(import.meta.dir, "../../dist/mcpctl");
const readyMs = 15_000;

export type RealServe = Awaited<ReturnType<typeof realServe>>;
// biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
export type Answer = { status: number; headers: Headers; json: any };

type Options = {
  /** Where its data lies; a folder of its own when absent. */
  dataDir?: string;
  env?: Record<string, string>;
  /** Another copy of the executable. */
  executable?: string;
};

/**
 * The executable as `serve`, on a data folder and a port that outlive it: kill it and start it again as often as you like. Nothing that a client
 * sends here is ever sent twice, and no connection is used for a second request.
 */
export async function realServe({ dataDir, env = {}, executable = built }: Options = {}) {
  if (!existsSync(executable)) throw new Error("dist/mcpctl is missing: bun run build");
  const home = mkdtempSync(join(tmpdir(), "mcpctl-delivery-"));
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  const folder = dataDir ?? join(home, "data");
  const said: string[] = [];
  let admin = "";
  let child: Bun.Subprocess<"ignore", "ignore", "pipe"> | undefined;

  /** Answers once it is ready, with how long that took. @throws when it does not become so, with what it said */
  async function start(): Promise<number> {
    const from = performance.now();
    const words = ["serve", "--port", String(port), "--data-dir", folder, "--log", "warn"];
    const started = Bun.spawn([executable, ...words], {
      env: { PATH: process.env["PATH"] ?? "", HOME: home, ...env },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    child = started;
    void keep(started.stderr);
    while (!(await isReady())) {
      const { exitCode, signalCode } = started;
      // Killed by whoever tests; no fault of its own.
      if (signalCode === "SIGKILL") return Number.NaN;
      if (exitCode !== null || performance.now() - from > readyMs)
        throw new Error(`serve did not become ready (exit ${exitCode ?? signalCode}):\n${said.slice(-20).join("\n")}`);
      await Bun.sleep(5);
    }
    return performance.now() - from;
  }

  async function isReady(): Promise<boolean> {
    const ready = await fetch(`${url}/readyz`, { keepalive: false }).catch(() => undefined);
    if (ready?.ok !== true) return false;
    admin = readCredentials(join(home, ".mcpctl/credentials"))[url]?.token ?? "";
    return admin !== "";
  }

  async function keep(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      said.push(...decoder.decode(chunk, { stream: true }).split("\n").filter(Boolean));
      if (said.length > 2_000) said.splice(0, 1_000);
    }
  }

  const send = (method: string, path: string, body?: unknown, token: string = admin, signal?: AbortSignal) =>
    fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      keepalive: false,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });

  /** One request. @throws when there was no answer, or only a part of one */
  async function api(method: string, path: string, body?: unknown, token?: string): Promise<Answer> {
    const response = await send(method, path, body, token);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, headers: response.headers, json: isJson ? JSON.parse(text) : text };
  }

  async function must(method: string, path: string, body?: unknown): Promise<Answer["json"]> {
    const answer = await api(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.json)}`);
    return answer.json;
  }

  async function kill(signal: NodeJS.Signals = "SIGKILL"): Promise<number | null> {
    child?.kill(signal);
    await child?.exited;
    return child?.exitCode ?? null;
  }

  async function remove(): Promise<void> {
    await kill();
    rmSync(home, { recursive: true, force: true });
  }

  await start();
  return {
    url,
    home,
    dataDir: folder,
    executable,
    /** What it wrote to standard error, the last lines of it. */
    said,
    admin: () => admin,
    pid: () => child?.pid ?? 0,
    exited: () => child?.exited,
    start,
    send,
    api,
    must,
    kill,
    until: (what: string, holds: () => Promise<boolean>) => until(what, holds, said),
    [Symbol.asyncDispose]: remove,
  };
}

async function until(what: string, holds: () => Promise<boolean>, said: readonly string[]): Promise<void> {
  for (const end = performance.now() + 20_000; !(await holds()); await Bun.sleep(5))
    if (performance.now() > end) throw new Error(`it never happened: ${what}\n${said.slice(-20).join("\n")}`);
}

/** Below those that the system gives to whoever asks for none: while it is between two starts nobody takes it. */
export function freePort(): number {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    try {
      Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
      return port;
    } catch {
      // Somebody has it.
    }
  }
}
