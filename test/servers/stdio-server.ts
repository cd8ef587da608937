// An MCP server over stdio whose behaviour is chosen by flags: `bun stdio-server.ts --name a [--exit CODE] [--slow MS] [--stderr TEXT] [--hang METHOD]
// [--ignore-term] [--grandchild] [--noise] [--flood-stderr] [--journal] [--tape FILE]`; after SIGUSR2 it says so and answers
// nothing any more; a journal is a line on standard error for each message
// it gets, a tape holds their lines as they came.
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { answer } from "./tools.ts";

const { values } = parseArgs({
  options: {
    name: { type: "string", default: "fixture" },
    exit: { type: "string" },
    slow: { type: "string" },
    stderr: { type: "string" },
    hang: { type: "string" },
    "ignore-term": { type: "boolean" },
    grandchild: { type: "boolean" },
    noise: { type: "boolean" },
    "flood-stderr": { type: "boolean" },
    journal: { type: "boolean" },
    tape: { type: "string" },
  },
});

if (values.stderr !== undefined) process.stderr.write(`${values.stderr}\n`);
if (values.slow !== undefined) await Bun.sleep(Number(values.slow));
if (values.exit !== undefined) process.exit(Number(values.exit));
if (values["ignore-term"] === true) {
  process.on("SIGTERM", () => {});
  setInterval(() => {}, 1000);
}
if (values.grandchild === true) Bun.spawn(["sleep", "987"], { stdin: "ignore", stdout: "inherit", stderr: "inherit" });
if (values.noise === true) process.stdout.write("Server is starting…\n\n[not json]\n");
if (values["flood-stderr"] === true) process.stderr.write(`${"y".repeat(200)}\n`.repeat(20_000));

let isMute = false;
process.on("SIGUSR2", () => {
  isMute = true;
  process.stderr.write("mute\n");
});

for await (const line of createInterface({ input: process.stdin })) void handle(line);

async function handle(line: string): Promise<void> {
  if (values.tape !== undefined) appendFileSync(values.tape, `${line}\n`);
  const { id, method, params } = JSON.parse(line) as { id?: unknown; method: string; params?: object };
  if (values.journal === true) process.stderr.write(`${method}\n`);
  if (id === undefined || isMute || method === values.hang) return;
  const result = await answer(values.name, method, params);
  const error = { code: -32601, message: `no ${method}` };
  process.stdout.write(
    `${JSON.stringify({ jsonrpc: "2.0", id, ...(result === undefined ? { error } : { result }) })}\n`,
  );
}
