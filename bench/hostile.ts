// What one hostile server costs the calls to another: `bun bench/hostile.ts [--seconds 5]`. Each hostility is measured in three turns, since machines
// are noisy and have few processors: quiet, with the same program running beside mcpctl and unread by it, and as a server of mcpctl's. The rise is
// that of the third over the second: p99 by at most 10 ms or a fifth.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "5" }, only: { type: "string" } } });
const turnMs = Number(values.seconds) * 1_000;
const callers = 8;
const most = { ms: 10, share: 1.2 } as const;

const answer = (result: object) => `{"jsonrpc":"2.0","id":ID,"result":${JSON.stringify(result)}}`;
const introduction = { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "h" } };
const manyTools = Array.from({ length: 10_000 }, (_, n) => ({
  name: `tool_${n}`,
  description: "x".repeat(100),
  inputSchema: { type: "object" },
}));
const notification = (method: string, params: object) => JSON.stringify({ jsonrpc: "2.0", method, params });

/** What each does once it has introduced itself; a shell, so that it costs little itself. */
const hostilities: Record<string, (folder: string) => Promise<string> | string> = {
  "progress and log": () => `yes '${notification("notifications/message", { level: "info", data: "x" })}'`,
  "log of 256 KiB": async (folder) => {
    const text = notification("notifications/message", { level: "info", data: "x".repeat(256 * 1024) });
    await Bun.write(join(folder, "big"), `${text}\n`);
    return `while :; do cat ${join(folder, "big")}; done`;
  },
  "news of changed lists": () => `yes '${notification("notifications/tools/list_changed", {})}'`,
  "standard error": () => "yes 'what goes wrong here' >&2",
  "no JSON": () => "yes 'not a message'",
  "an endless line": () => "yes | tr -d '\\n'",
  "ten thousand tools": async (folder) => {
    await Bun.write(join(folder, "tools"), answer({ tools: manyTools }).replace("ID", "2"));
    return `cat ${join(folder, "tools")}; echo; sleep 1000`;
  },
  silence: () => "sleep 1000",
};

const home = mkdtempSync(join(tmpdir(), "mcpctl-hostile-"));
const good = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const { id, method } = request.method === "POST" ? await request.json() : ({} as { id?: number; method?: string });
    if (id === undefined) return new Response(null, { status: request.method === "POST" ? 202 : 405 });
    const results: Record<string, object> = {
      initialize: introduction,
      "tools/list": { tools: [{ name: "echo", inputSchema: { type: "object" } }] },
      "tools/call": { content: [{ type: "text", text: "hi" }] },
    };
    const result = results[method ?? ""];
    return Response.json({ jsonrpc: "2.0", id, ...(result ? { result } : { error: { code: -32601, message: "no" } }) });
  },
});
const serve = Bun.spawn(
  [process.execPath, join(import.meta.dir, "../src/main.ts"), "serve", "--port", "0", "--data-dir", join(home, "data")],
  { env: { PATH: process.env["PATH"] ?? "", HOME: home, MCPCTL_LOG: "silent" }, stdout: "pipe", stderr: "inherit" },
);
try {
  const url = await addressOf(serve.stdout);
  const session = await sessionAt(url);
  const api = async (method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${session}`, "content-type": "application/json" };
    const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return await response.json();
  };
  await api("POST", "/api/v1/servers", { name: "good", url: good.url.href, protocol: "legacy" });
  await api("POST", "/api/v1/projects", { name: "demo", servers: ["good"] });
  const { token } = await api("POST", "/api/v1/mcptokens", { name: "t", project: "demo" });
  await turn(url, token);

  console.log(
    "p99 of calls to another server, ms".padEnd(36),
    "quiet".padStart(8),
    "beside".padStart(8),
    "served".padStart(8),
  );
  let failed = 0;
  for (const [name, commandOf] of Object.entries(hostilities).filter(([name]) => name.includes(values.only ?? ""))) {
    const command = await commandOf(home);
    const quiet = await turn(url, token);
    const unread = Bun.spawn(["sh", "-c", command], {
      stdout: Bun.file("/dev/null"),
      stderr: Bun.file("/dev/null"),
      detached: true,
    });
    const beside = await turn(url, token);
    process.kill(-unread.pid, "SIGKILL");
    const greet = (id: number, result: object) => `read x; echo '${answer(result).replace("ID", String(id))}'`;
    const script = `${greet(1, introduction)}; read x; read x; ${command}`;
    await api("POST", "/api/v1/servers", { name: "hostile", command: ["sh", "-c", script], protocol: "legacy" });
    await api("PUT", "/api/v1/projects/demo", { name: "demo", servers: ["good", "hostile"] });
    // Whoever comes first waits for a server of which nothing is known yet, for a second and a half at most.
    await turn(url, token, 3_000);
    const served = await turn(url, token);
    await api("PUT", "/api/v1/projects/demo", { name: "demo", servers: ["good"] });
    await api("DELETE", "/api/v1/servers/hostile");
    const isWell = served - beside <= most.ms || served <= beside * most.share;
    if (!isWell) failed++;
    console.log(
      name.padEnd(36),
      ...[quiet, beside, served].map((ms) => ms.toFixed(1).padStart(8)),
      isWell ? "" : "  too much",
    );
  }
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  serve.kill("SIGKILL");
  await good.stop(true);
  rmSync(home, { recursive: true, force: true });
}

/** Calls one after the other by each of the callers, for a while; answers the p99 in ms. */
async function turn(url: string, token: string, ms = turnMs): Promise<number> {
  const times: number[] = [];
  const until = performance.now() + ms;
  const caller = async () => {
    while (performance.now() < until) {
      const begun = performance.now();
      const response = await fetch(`${url}/mcp`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "good__echo" } }),
      });
      const text = await response.text();
      if (!text.includes('"hi"')) throw new Error(text);
      times.push(performance.now() - begun);
      await Bun.sleep(5);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)] ?? Number.NaN;
}

async function addressOf(stdout: ReadableStream<Uint8Array>): Promise<string> {
  let said = "";
  for await (const chunk of stdout) {
    said += new TextDecoder().decode(chunk);
    const address = /serves at (http:\S+)/.exec(said)?.[1];
    if (address !== undefined && said.includes("works without it")) return address;
  }
  throw new Error(`it did not start: ${said}`);
}

async function sessionAt(url: string): Promise<string> {
  const all = (await Bun.file(join(home, ".mcpctl/credentials")).json()) as Record<string, { token: string }>;
  return all[url]?.token ?? "";
}
