// Calls one tool over and over, `bun hostile-callers.ts --url URL --calls N` with the token in MCPCTL_TOKEN: in a process of its own, since whoever
// reads megabytes cannot at the same time say how long others wait.
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { url: { type: "string", default: "" }, calls: { type: "string", default: "1" } },
});
const [refusedPauseMs, leastBytes] = [1_000, 1_000];

const body = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "hostile__tool_0", arguments: {} },
});
const headers = {
  authorization: `Bearer ${process.env["MCPCTL_TOKEN"]}`,
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

async function calling(): Promise<never> {
  for (;;) {
    const response = await fetch(values.url, { method: "POST", body, headers, keepalive: false }).catch(
      () => undefined,
    );
    const bytes = await response?.arrayBuffer().catch(() => undefined);
    // What is refused at once is not the server's doing.
    if ((bytes?.byteLength ?? 0) < leastBytes) await Bun.sleep(refusedPauseMs);
  }
}

await Promise.all(Array.from({ length: Number(values.calls) }, calling));
