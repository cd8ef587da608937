import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diceOf, seed } from "../rbac/properties/settings.ts";
import { createLedger } from "./ledger.ts";
import { realServe } from "./real-serve.ts";
import { upstream } from "./upstreams.ts";
import { base, writeAll } from "./writers.ts";

const calls = 20;
/** How many writes may be answered for each call that is. Without turns of their own calls waited for thousands. */
const mostWrites = 150;

test("a handful of clients that open a connection for each write starve no call", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mcpctl-turns-"));
  const server = upstream(folder, "one", "stdio");
  await using gateway = await realServe();
  const project = { kind: "project", name: "one", servers: ["one"] };
  await gateway.must("POST", "/api/v1/apply", { documents: [base, server.document, project] });
  const { token } = await gateway.must("POST", "/api/v1/mcptokens", { name: "t", project: "one" });
  const call = (n: number) => {
    const params = { name: "one__count", arguments: { id: `${n}` } };
    return gateway.api("POST", "/mcp", { jsonrpc: "2.0", id: n, method: "tools/call", params }, token);
  };
  await gateway.until("it answers", async () => (await call(0)).json.result?.content !== undefined);
  const [ledger, over] = [createLedger(), new AbortController()];
  const refused = () => {};
  const writing = writeAll({ ledger, gateway, signal: over.signal, refused }, (n) => diceOf(seed + n));
  await gateway.until("it writes", async () => ledger.counts().acknowledged > 50);
  const before = ledger.counts().acknowledged;
  for (let n = 1; n <= calls && ledger.counts().acknowledged - before < calls * mostWrites; n++)
    expect((await call(n)).json.result.content).toEqual([{ type: "text", text: `${n}` }]);
  const writes = ledger.counts().acknowledged - before;
  over.abort();
  await writing;
  process.stdout.write(`${(writes / calls).toFixed(1)} writes were answered for each call, SEED=${seed}\n`);
  expect(writes).toBeLessThan(calls * mostWrites);
  rmSync(folder, { recursive: true });
}, 60_000);
