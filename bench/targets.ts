import { join } from "node:path";
import { freePort, realServe } from "../test/delivery/real-serve.ts";
import type { Door } from "./load/speech.ts";

/** What is measured: a door to the upstream, and the process behind it whose work is counted. */
export type Target = {
  name: string;
  pid: number;
  door: Door;
  /** A tool of the upstream, as it is called here. */
  tool: (name: string) => string;
  close: () => Promise<void>;
};

const program = (name: string) => join(import.meta.dir, "programs", `${name}.ts`);
const cores = { upstream: "1", measured: "0" } as const;

/** Starts one of the bench's own programs on a port, and answers once it listens. */
export async function startProgram(name: string, args: readonly string[], core: string = cores.measured) {
  const port = freePort();
  const child = Bun.spawn(["taskset", "-c", core, process.execPath, program(name), String(port), ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await listening(port);
  const close = async () => {
    child.kill();
    await child.exited;
  };
  return { port, pid: child.pid, close };
}

export async function listening(port: number): Promise<void> {
  for (const end = performance.now() + 20_000; performance.now() < end; await Bun.sleep(20)) {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } }).catch(() => undefined);
    if (socket === undefined) continue;
    socket.end();
    return;
  }
  throw new Error(`nothing listens at port ${port}`);
}

export const startUpstream = () => startProgram("http-upstream", [], cores.upstream);

export async function floor(upstream: number): Promise<Target> {
  const { port, pid, close } = await startProgram("floor", [`http://127.0.0.1:${upstream}`]);
  const headers = { authorization: "Bearer token-7" };
  return { name: "floor", pid, door: { port, path: "/s/0/mcp", headers }, tool: (name) => name, close };
}

/** mcpctl as it is shipped: with authentication, rights, audit and metrics. */
export async function mcpctl(name: string, server: Record<string, unknown>): Promise<Target> {
  const gateway = await realServe();
  await gateway.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "up", ...server },
      { kind: "project", name: "bench", servers: ["up"] },
    ],
  });
  const { token } = await gateway.must("POST", "/api/v1/mcptokens", { name: "bench", project: "bench" });
  pin(gateway.pid(), cores.measured);
  const door = { port: Number(new URL(gateway.url).port), path: "/mcp", headers: { authorization: `Bearer ${token}` } };
  const close = async () => await gateway[Symbol.asyncDispose]();
  return { name, pid: gateway.pid(), door, tool: (tool) => `up__${tool}`, close };
}

export const pin = (pid: number, core: string): void =>
  void Bun.spawnSync(["taskset", "-a", "-c", "-p", core, String(pid)], { stdout: "ignore" });
