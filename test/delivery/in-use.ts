import type { Answer, RealServe } from "./real-serve.ts";
import type { Upstream } from "./upstreams.ts";
import { base } from "./writers.ts";

const callers = 4;

/** A project of these servers, each of them listed; answers a token for it. */
export async function projectOf(gateway: RealServe, upstreams: readonly Upstream[]): Promise<string> {
  const names = upstreams.map(({ name }) => name);
  const documents = [...upstreams.map(({ document }) => document), { kind: "project", name: "one", servers: names }];
  await gateway.must("POST", "/api/v1/apply", { documents: [...documents, base] });
  const { token } = await gateway.must("POST", "/api/v1/mcptokens", { name: "t", project: "one" });
  await gateway.until("every server is listed", async () => {
    const { json } = await gateway.api("POST", "/mcp", { jsonrpc: "2.0", id: 1, method: "tools/list" }, token);
    return json.result?.tools?.length === names.length;
  });
  return token;
}

/** One call of a counting server, over a connection of its own. */
export const call = (gateway: RealServe, token: string, server: string, work: { id: string; ms?: number }) =>
  gateway.api(
    "POST",
    "/mcp",
    { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: `${server}__count`, arguments: work } },
    token,
  );

/** Calls and reads without a pause. `calls` is how many were answered until now; `over` resolves with what went wrong with any. */
export function inUse(gateway: RealServe, token: string, upstreams: readonly Upstream[], signal: AbortSignal) {
  const wrong: string[] = [];
  let [sent, answered] = [0, 0];
  async function calling(): Promise<void> {
    while (!signal.aborted) {
      const id = `used-${sent++}`;
      const { status, json } = await call(gateway, token, String(upstreams[sent % upstreams.length]?.name), { id });
      if (json.result?.content === undefined) wrong.push(`call: ${status} ${JSON.stringify(json)}`);
      answered++;
    }
  }
  async function reading(): Promise<void> {
    while (!signal.aborted) {
      const { status, json } = await gateway.api("GET", "/api/v1/projects");
      if (status !== 200) wrong.push(`read: ${status} ${JSON.stringify(json)}`);
    }
  }
  const over = Promise.all([reading(), ...Array.from({ length: callers }, calling)]).then(() => wrong);
  return { calls: () => answered, over };
}

/** What a write looks like that could not be done. */
export const isWellRefused = ({ status, json, headers }: Answer): boolean =>
  status === 503 &&
  json.code === "unavailable" &&
  headers.get("retry-after") === "5" &&
  /^The (disk of the )?database .*; nothing was changed$/.test(json.detail) &&
  json.hint !== undefined;

/** How long until a write is done again. */
export async function recovered({ api }: RealServe): Promise<number> {
  const from = performance.now();
  const body = { ...base, description: `at ${from}` };
  while ((await api("PUT", "/api/v1/projects/base", body)).status !== 200) await Bun.sleep(5);
  return performance.now() - from;
}
