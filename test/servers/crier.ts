// An MCP server over stdio that says its secret wherever a server can: on standard error, as noise on standard output, in what it refuses (`--refuse METHOD`).
import { createInterface } from "node:readline";
import { answer } from "./tools.ts";

const secret = process.env["SECRET"] ?? "";
process.stderr.write(`run ${process.pid} with ${secret}\n`);
process.stdout.write(`using ${secret} now\n`);
const refused = process.argv[process.argv.indexOf("--refuse") + 1];

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line) as { id?: unknown; method: string; params?: object };
  process.stderr.write(`${JSON.stringify({ method, secret })}\n`);
  if (id === undefined) continue;
  const error = { code: -32000, message: `${secret} is not a valid token` };
  const result = method === refused ? undefined : await answer("crier", method, params);
  process.stdout.write(
    `${JSON.stringify({ jsonrpc: "2.0", id, ...(result === undefined ? { error } : { result }) })}\n`,
  );
}
