import { join } from "node:path";
import type { RealServe } from "./real-serve.ts";
import { freePort } from "./real-serve.ts";

const program = join(import.meta.dir, "hostile-server.ts");
/** How many calls hang, or are answered hugely, at a time. */
const hanging = 100;
const huge = 4;
const [refusedPauseMs, leastBytes] = [1_000, 1_000];

/** Ways in which one server may take more than its share; `isHttp` by url, else over stdio. `calls` at a time are made of it meanwhile. */
export const floods: readonly { name: string; flood: string; isHttp: boolean; calls: number }[] = [
  { name: "notifications", flood: "notifications", isHttp: false, calls: 0 },
  { name: "standard error", flood: "stderr", isHttp: false, calls: 0 },
  { name: "an endless line", flood: "line", isHttp: false, calls: 0 },
  { name: "10,000 tools, always new", flood: "tools", isHttp: false, calls: 0 },
  { name: "100 calls hang", flood: "hang", isHttp: false, calls: hanging },
  { name: "huge answers", flood: "huge", isHttp: false, calls: huge },
  { name: "an event stream", flood: "stream", isHttp: true, calls: 0 },
  { name: "an endless event", flood: "line", isHttp: true, calls: 0 },
  { name: "huge answers over HTTP", flood: "huge", isHttp: true, calls: huge },
];

/** A hostile server that the gateway runs or reaches, and calls of it as long as it is there. Answers how to be rid of it. */
export async function hostile(gateway: RealServe, { flood, isHttp, calls }: (typeof floods)[number]) {
  const port = String(freePort());
  const command = [process.execPath, program, "--flood", flood];
  const child = isHttp ? Bun.spawn([...command, "--port", port], { stdin: "ignore", stderr: "inherit" }) : undefined;
  if (isHttp) await listening(port);
  const document = {
    kind: "server",
    name: "hostile",
    ...(isHttp ? { url: `http://127.0.0.1:${port}/mcp` } : { command }),
  };
  await gateway.must("POST", "/api/v1/apply", {
    documents: [document, { kind: "project", name: "two", servers: ["hostile"] }],
  });
  const { token: other } = await gateway.must("POST", "/api/v1/mcptokens", { name: `h${port}`, project: "two" });
  await gateway.until("the hostile server was heard", async () => {
    const { json } = await gateway.api("GET", "/api/v1/servers/hostile");
    return json.status?.tools !== undefined || json.status?.state === "ERROR";
  });
  const over = new AbortController();
  const calling = async () => {
    const params = { name: "hostile__tool_0", arguments: {} };
    while (!over.signal.aborted) {
      const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
      const response = await gateway.send("POST", "/mcp", body, other, over.signal).catch(() => undefined);
      const bytes = await response?.arrayBuffer().catch(() => undefined);
      // What is refused at once is not the server's doing.
      if ((bytes?.byteLength ?? 0) < leastBytes) await Bun.sleep(refusedPauseMs);
    }
  };
  const all = Array.from({ length: calls }, calling);
  return async () => {
    over.abort();
    await gateway.must("DELETE", "/api/v1/projects/two");
    await gateway.must("DELETE", "/api/v1/servers/hostile");
    child?.kill("SIGKILL");
    await Promise.all(all);
  };
}

async function listening(port: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "DELETE" }).catch(() => undefined);
    if (answer !== undefined) return;
    await Bun.sleep(20);
  }
}
