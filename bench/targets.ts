import { pin } from "./cores.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import type { Door } from "./load/speech.ts";
import { type PeerName, peers } from "./peers.ts";
import { childrenOf } from "./process.ts";
import { type Program, programPath, startProgram } from "./programs.ts";

/** What is measured: a door to the upstream, and the process behind it whose work is counted. */
export type Target = {
  name: string;
  pid: number;
  door: Door;
  /** A tool of the upstream, as it is called here. */
  tool: (name: string) => string;
  /** How long after its last answer it may still be at work on it. */
  settleMs: number;
};

const asIs = { tool: (name: string) => name, settleMs: 50 };
/** The audit log is written behind the answers, half a second at most. */
const behindMs = 550;

/** The ways to the upstream: how it is found there, and as what server of mcpctl. Old ones know nothing of the modern era. */
const upstreams = {
  "": "/s/0/mcp",
  "old upstream": "/s/0/mcp?legacy=1",
  events: "/s/0/mcp?legacy=1&events=1",
  "50 tools": "/s/0/mcp?tools=50",
} as const;
const nameOf = (base: string, way: string) => (way === "" ? base : `${base}, ${way}`);

export type Targets = {
  of: (name: string) => Target | undefined;
  upstream: number;
  gateway: Gateway;
  close: () => Promise<void>;
};

/** Everything that calls can go through, started once. Peers that are not there are told of and left out. */
export async function startTargets(
  wanted: readonly PeerName[],
  serve: Parameters<typeof startGateway>[0] = {},
): Promise<Targets> {
  const upstream = await startProgram("http-upstream", [], "rest");
  const at = `http://127.0.0.1:${upstream.port}`;
  const [floor, sdk, gateway] = [
    await startProgram("floor", [at], "measured"),
    await startProgram("sdk-proxy", [`${at}/s/0/mcp?legacy=1`], "measured"),
    await startGateway(serve),
  ];
  const stdio = [process.execPath, programPath("stdio-upstream")];
  const all: Target[] = [
    { name: "SDK proxy", pid: sdk.pid, door: { port: sdk.port, path: "/mcp", headers: {} }, ...asIs },
  ];
  for (const [way, path] of Object.entries(upstreams)) {
    const bearer = { authorization: "Bearer token-7" };
    all.push(
      { name: nameOf("direct", way), pid: upstream.pid, door: { port: upstream.port, path, headers: {} }, ...asIs },
      { name: nameOf("floor", way), pid: floor.pid, door: { port: floor.port, path, headers: bearer }, ...asIs },
    );
  }
  const ways = { ...upstreams, stdio: undefined };
  for (const [n, [way, path]] of Object.entries(ways).entries()) {
    const server = path === undefined ? { command: stdio } : { url: at + path };
    await gateway.apply([{ name: `up${n}`, ...server }], [{ name: `p${n}`, servers: [`up${n}`] }]);
    const door = await gateway.doorOf(`p${n}`);
    all.push({
      name: nameOf("mcpctl", way),
      pid: gateway.pid(),
      door,
      tool: (tool) => `up${n}__${tool}`,
      settleMs: behindMs,
    });
  }
  const started: Program[] = [upstream, floor, sdk];
  for (const name of wanted) {
    const peer = await peers[name](stdio).catch(
      (error: Error) => void process.stdout.write(`without ${name}: ${error.message}\n`),
    );
    if (peer === undefined) continue;
    started.push(peer);
    all.push({ name, pid: peer.pid, door: { port: peer.port, path: "/mcp", headers: {} }, ...asIs });
  }
  await Bun.sleep(1_500);
  // A stdio server is an upstream, whoever starts it.
  for (const { pid } of [{ pid: gateway.pid() }, ...started.slice(3)])
    for (const child of childrenOf(pid)) pin(child, "rest");
  return {
    of: (name) => all.find((target) => target.name === name),
    upstream: upstream.port,
    gateway,
    async close() {
      await gateway.close();
      for (const each of started) await each.close();
    },
  };
}
