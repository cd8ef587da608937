import { join } from "node:path";
import type { RealServe } from "./real-serve.ts";
import { freePort } from "./real-serve.ts";

const program = join(import.meta.dir, "hostile-server.ts");
const callersProgram = join(import.meta.dir, "hostile-callers.ts");
/** How many calls hang, or are answered hugely, at a time. */
const hanging = 100;
const huge = 4;

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
  const words = ["--url", `${gateway.url}/mcp`, "--calls", String(calls)];
  const env = { PATH: process.env["PATH"] ?? "", MCPCTL_TOKEN: other };
  const callers =
    calls === 0 ? undefined : Bun.spawn([process.execPath, callersProgram, ...words], { env, stdin: "ignore" });
  return async () => {
    callers?.kill("SIGKILL");
    await gateway.must("DELETE", "/api/v1/projects/two");
    await gateway.must("DELETE", "/api/v1/servers/hostile");
    child?.kill("SIGKILL");
  };
}

async function listening(port: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "DELETE" }).catch(() => undefined);
    if (answer !== undefined) return;
    await Bun.sleep(20);
  }
}
