// For how long one thing keeps `serve` from all others: `bun bench/event-loop.ts [--only WORD]`. The longest turn of the event loop, in ms of work,
// in each scenario; the target is 50. It runs from source, since it is watched from within.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { freePort, realServe } from "../test/delivery/real-serve.ts";
import { Connection } from "./load/connection.ts";
import { drive } from "./load/drive.ts";
import { callersOf, type Door, type Era, initialize, request, sessionIn } from "./load/speech.ts";
import { startProgram } from "./programs.ts";

const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });
const mostMs = 50;
const folder = mkdtempSync(join(tmpdir(), "mcpctl-bench-"));
const monitor = freePort();
const executable = join(folder, "serve");
const main = resolve("src/main.ts");
writeFileSync(
  executable,
  `#!/bin/sh\nexec ${process.execPath} --preload ${resolve("bench/programs/loop-monitor.ts")} ${main} "$@"\n`,
);
chmodSync(executable, 0o755);

const upstream = await startProgram("http-upstream", [], "rest");
const gateway = await realServe({ executable, env: { BENCH_MONITOR: String(monitor) } });
const port = Number(new URL(gateway.url).port);
const longest = async () => (await (await fetch(`http://127.0.0.1:${monitor}/`)).json()) as number;
const MiB = 1024 * 1024;
const limits = { messageBytes: 16 * MiB, elements: 5_000_000 };
const url = (n: number, tools: number, more = "") =>
  `http://127.0.0.1:${upstream.port}/s/${n}/mcp?tools=${tools}${more}`;
const stdio = [process.execPath, resolve("bench/programs/stdio-upstream.ts")];

async function project(name: string, servers: Record<string, unknown>[], more: object = {}): Promise<Door> {
  const documents = servers.map((server) => ({ kind: "server", limits, ...server }));
  const names = servers.map((server) => server["name"]);
  await gateway.must("POST", "/api/v1/apply", {
    documents: [...documents, { kind: "project", name, servers: names, limits, ...more }],
  });
  return await door(name, {});
}

async function door(name: string, more: object): Promise<Door> {
  const asked = { name: `t${Math.random().toString(36).slice(2)}`, project: name, ...more };
  const { token } = await gateway.must("POST", "/api/v1/mcptokens", asked);
  return { port, path: "/mcp", headers: { authorization: `Bearer ${token}` } };
}

async function ask(at: Door, era: Era, method: string, params: object = {}): Promise<number> {
  const connection = await Connection.open(port);
  const session = era === "legacy" ? sessionIn(await connection.send(initialize(at))) : undefined;
  const answer = await connection.send(request(at, era, method, params, session));
  connection.close();
  if (answer.status !== 200 || answer.body.includes('"error":{'))
    throw new Error(`${method}: ${answer.head}\n${answer.body.toString().slice(0, 500)}`);
  return answer.body.length;
}

async function listedBy(at: Door, tools: number): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end; await Bun.sleep(50)) {
    const connection = await Connection.open(port);
    const { body } = await connection.send(request(at, "modern", "tools/list", {}));
    connection.close();
    // What takes over a second is an event stream.
    const text = body.toString();
    if ((JSON.parse(text.slice(text.indexOf("{"))).result?.tools?.length ?? 0) >= tools) return;
  }
  throw new Error(`${tools} tools were never listed`);
}

let isOver = false;
async function scenario(what: string, work: () => Promise<unknown>): Promise<void> {
  if (!what.includes(values.only)) return;
  await Bun.sleep(300);
  await longest();
  await work();
  await Bun.sleep(300);
  const ms = await longest();
  isOver ||= ms > mostMs;
  console.log(what.padEnd(60), `${ms.toFixed(0).padStart(5)} ms${ms > mostMs ? "  OVER" : ""}`);
}

try {
  const wires: Record<string, Record<string, unknown>> = {
    http: { url: url(0, 2) },
    "http, legacy": { url: url(1, 2, "&legacy=1") },
    stdio: { command: stdio },
  };
  for (const [wire, server] of Object.entries(wires)) {
    const name = wire.replace(/\W+/g, "-");
    const at = await project(name, [{ name, ...server }]);
    await listedBy(at, 2);
    const tool = (own: string) => `${name}__${own}`;
    const text = 'A "word" of many.\n'.repeat(9.5 * 1024 * 50);
    for (const era of ["legacy", "modern"] as const) {
      const call = (own: string, args: object) => () =>
        ask(at, era, "tools/call", { name: tool(own), arguments: args });
      await scenario(`10 MB of arguments there and back, ${wire}, ${era}`, call("echo", { text }));
      await scenario(`a result of 10 MB of text, ${wire}, ${era}`, call("give", { text: "", kib: 9_500 }));
      await scenario(`a result of 10 MB of rows, ${wire}, ${era}`, call("give", { text: "", kib: 9_500, rows: true }));
    }
  }

  let many: Door | undefined;
  await scenario("10,000 tools: fetched, named, approved, first list", async () => {
    many = await project("many", [{ name: "many", url: url(2, 10_000) }]);
    await listedBy(many, 10_000);
  });
  if (many !== undefined) {
    const at = many;
    await scenario("10,000 tools: first list, legacy", () => ask(at, "legacy", "tools/list"));
    await scenario("10,000 tools: the list again, modern", () => ask(at, "modern", "tools/list"));
    const few = await door("many", { tools: ["many/tool_1*"] });
    await scenario("10,000 tools: for a token of some of them", () => ask(few, "modern", "tools/list"));
    const harmless = await door("many", { readOnly: true });
    await scenario("10,000 tools: for a token that only reads", () => ask(harmless, "modern", "tools/list"));
    await gateway.must("POST", "/api/v1/apply", {
      documents: [{ kind: "project", name: "sought", servers: ["many"], limits, toolBudget: 2_000 }],
    });
    const sought = await door("sought", {});
    await scenario("10,000 tools: first list within a budget", () => ask(sought, "modern", "tools/list"));
    await scenario("10,000 tools: first search", () =>
      ask(sought, "modern", "tools/call", { name: "search_tools", arguments: { query: "what takes its time" } }),
    );
    await gateway.must("POST", "/api/v1/apply", {
      documents: [
        { kind: "project", name: "inline", servers: ["many"], limits, schemas: "inline", onToolChange: "quarantine" },
      ],
    });
    const inline = await door("inline", {});
    await scenario("10,000 tools: schemas inline, changes in quarantine", () => ask(inline, "modern", "tools/list"));
  }

  await scenario("50 servers of 20 tools arrive at once", async () => {
    const names = Array.from({ length: 50 }, (_, n) => ({ name: `s${n}`, url: url(100 + n, 20) }));
    await listedBy(await project("fifty", names), 1_000);
  });
  await scenario("4,000 calls by 32, and their audit", async () => {
    const at = await project("calls", [{ name: "up", url: url(3, 2) }]);
    await listedBy(at, 2);
    const work = { tool: "echo", args: { text: "hello" }, holds: "hello" };
    const callers = await callersOf({ door: at, tool: (name) => `up__${name}` }, "modern", work, 32);
    await drive(callers, 4_000);
    for (const { connection } of callers) connection.close();
  });
} finally {
  await gateway.kill("SIGTERM");
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(isOver ? 1 : 0);
