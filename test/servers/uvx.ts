// Stands in for uvx: an MCP server that tells on standard error what it was called with, and of its environment what matters to uv.
import { createInterface } from "node:readline";
import { answer } from "./tools.ts";

const { UV_CACHE_DIR, UV_PUBLISH_TOKEN, HTTPS_PROXY } = process.env;
process.stderr.write(
  `${JSON.stringify({ argv: process.argv.slice(2), UV_CACHE_DIR, UV_PUBLISH_TOKEN, HTTPS_PROXY })}\n`,
);
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line) as { id?: unknown; method: string; params?: object };
  if (id === undefined) continue;
  const result = await answer("uvx", method, params);
  const error = { code: -32601, message: `no ${method}` };
  process.stdout.write(
    `${JSON.stringify({ jsonrpc: "2.0", id, ...(result === undefined ? { error } : { result }) })}\n`,
  );
}
