import { afterAll, beforeAll, expect, test } from "bun:test";
import { counted, gauged } from "../../src/lib/counters.ts";
import { fixture, type World, world } from "../world.ts";

let w: World;
let reader: string;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "files", command: fixture() },
      { kind: "server", name: "absent", command: ["/nowhere"] },
      { kind: "project", name: "demo", servers: ["files"] },
    ],
  });
  reader = await w.userWith("reader", [{ role: "run", action: "metrics" }]);
  await w.until("one runs", w.isRunning("files"));
});
afterAll(() => w.close());

const scrape = async () => (await w.api("GET", "/metrics", undefined, reader)).text;

test("everything that is counted and measured is told in Prometheus' format, each name once", async () => {
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" });
  await w.rpc(token, "tools/call", { name: "files__echo", arguments: { text: "x" } });
  const { headers, text } = await w.api("GET", "/metrics", undefined, reader);
  expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const names = [...text.matchAll(/^# TYPE (\S+) (?:counter|gauge|histogram)$/gm)].map(([, name]) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of Object.keys(counted)) expect(names).toContain(`mcpctl_${name}_total`);
  for (const name of Object.keys(gauged)) expect(names).toContain(`mcpctl_${name}`);
  for (const line of text.trimEnd().split("\n"))
    expect(line).toMatch(
      /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="([^"\\\n]|\\.)*"(,le="[^"]+")?\})? -?[\d.]+(e[+-]?\d+)?)$/,
    );
  for (const line of [
    'mcpctl_calls_total{server="files"} 1',
    'mcpctl_call_duration_seconds_bucket{server="files",le="+Inf"} 1',
    'mcpctl_call_duration_seconds_count{server="files"} 1',
    'mcpctl_calls_under_way{server="files"} 0',
    'mcpctl_servers{state="RUNNING"} 1',
  ])
    expect(text).toContain(`${line}\n`);
  for (const name of ["process_open_fds", "process_resident_memory_bytes", "mcpctl_uptime_seconds"])
    expect(Number(new RegExp(`^${name} (.+)$`, "m").exec(text)?.[1])).toBeGreaterThan(0);
});

test("names of tools, tokens and callers are no labels", async () => {
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "secretive", project: "demo" });
  for (let n = 0; n < 50; n++) await w.rpc(token, "tools/call", { name: `invented-${n}` });
  const text = await scrape();
  expect(text).not.toMatch(/invented|secretive|mcpctl_pat_/);
});

test("status holds the same numbers for whoever may see them, and only for them", async () => {
  const { code, out } = await w.cli(["status", "-o", "json"]);
  expect([code, JSON.parse(out).metrics['mcpctl_servers{state="RUNNING"}']]).toEqual([0, 1]);
  const other = await w.userWith("other", [{ role: "view", resource: "servers" }]);
  const told = (await w.api("GET", "/api/v1/status", undefined, other)).json;
  expect(told).toMatchObject({ database: "ok", servers: [{ name: "absent" }, { name: "files" }] });
  const ofTheMachine = ["metrics", "dataDir", "process", "open", "audit"];
  for (const field of ofTheMachine) expect(told).not.toHaveProperty(field);
  for (const field of ofTheMachine) expect(JSON.parse(out)).toHaveProperty(field);
});

test("a token has none of it: it is of one project, and this is of all", async () => {
  const minted = { name: "of-one", project: "demo", rbac: "clone" };
  const { token } = await w.must("POST", "/api/v1/mcptokens", minted);
  expect((await w.api("GET", "/metrics", undefined, token)).status).toBe(403);
});

test("the document tells of it", async () => {
  const { paths } = (await w.api("GET", "/openapi.json", undefined, "")).json;
  expect(paths["/metrics"].get.responses["200"].content).toHaveProperty("text/plain");
  expect(paths["/metrics"].get.description).toContain("metrics");
});
