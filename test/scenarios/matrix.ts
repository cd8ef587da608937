import { join } from "node:path";
import { type Answerer, legacyClient, modernClient, type TestClient, type Wire } from "../mcp-client.ts";
import { startStreamingServer } from "../servers/streaming-server.ts";
import { type World, world } from "../world.ts";

/**
 * The matrix of docs/bridging.md: a client of each era, a server of each era over each wire. All are in one project, whose name is `all`, and
 * used at the same time.
 */
export const servers = {
  "stdio, legacy": { name: "cmd", says: "legacy" },
  "stdio, modern": { name: "new-cmd", says: "modern" },
  "HTTP, legacy": { name: "web", says: "legacy-web" },
  "HTTP, modern": { name: "new-web", says: "modern-web" },
  SSE: { name: "old", says: "old" },
} as const;
export type Era = "legacy" | "modern";
export type Way = keyof typeof servers;

const clients = { legacy: legacyClient, modern: modernClient } as const;
const ways = Object.keys(servers) as Way[];
export const isModern = (way: Way): boolean => way.endsWith("modern");

const cellsOf = (eras: readonly Era[], which: readonly Way[]) =>
  eras.flatMap((era) => which.map((way) => [era, way] as const));
export const cells = cellsOf(["legacy", "modern"], ways);
/** Those whose servers ask and tell whenever they like. */
export const cellsOfLegacyServers = cellsOf(
  ["legacy", "modern"],
  ways.filter((way) => !isModern(way)),
);

export const everything = { elicitation: { form: {}, url: {} }, sampling: {}, roots: { listChanged: true } };
const answer: Answerer = (method) =>
  method === "elicitation/create"
    ? { action: "accept", content: { name: "me" } }
    : method === "roots/list"
      ? { roots: [{ uri: "file:///here" }] }
      : { role: "assistant", content: { type: "text", text: "sampled" }, model: "m" };

export type Matrix = Awaited<ReturnType<typeof startMatrix>>;

export async function startMatrix() {
  const legacyWeb = startStreamingServer({ name: servers["HTTP, legacy"].says, eras: ["legacy"] });
  const modernWeb = startStreamingServer({ name: servers["HTTP, modern"].says, eras: ["modern"] });
  const sse = startStreamingServer({ name: servers.SSE.says });
  const script = join(import.meta.dir, "../servers/interactive-stdio.ts");
  const command = (era: Era) => [process.execPath, script, "--era", era, "--name", servers[`stdio, ${era}`].says];
  const names = Object.values(servers).map(({ name }) => name);
  const w: World = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "cmd", command: command("legacy") },
      { kind: "server", name: "new-cmd", command: command("modern") },
      { kind: "server", name: "web", url: legacyWeb.url },
      { kind: "server", name: "new-web", url: modernWeb.url },
      { kind: "server", name: "old", url: sse.sse, transport: "sse" },
      { kind: "project", name: "all", servers: names },
    ],
  });
  const token: string = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "all" })).token;
  for (const name of names) await w.until(`${name} is there`, w.isRunning(name));

  return {
    w,
    modernWeb,
    /** A client of that era, and how it calls a tool of that server. `texts` are the answers to its requests as they came. */
    cell(era: Era, way: Way) {
      const { name } = servers[way];
      return {
        client: (options: object = {}) => clients[era](w, token, { capabilities: everything, answer, ...options }),
        /** The text of the answer, to the letter. */
        async verbatim(method: string, params: Wire, path = "/mcp"): Promise<string> {
          const texts: string[] = [];
          const fetch = async (request: Request) => {
            const response = await w.fetch(request);
            texts.push(await response.clone().text());
            return response;
          };
          const one = await clients[era]({ fetch, url: w.url }, token, { path });
          await one.request(method, params);
          return texts.at(-1) ?? "";
        },
        call: (one: TestClient, tool: string, args: object = {}, options = {}): Promise<Wire> =>
          one.request("tools/call", { name: `${name}__${tool}`, arguments: args }, options),
      };
    },
    async close(): Promise<void> {
      await w.close();
      await Promise.all([legacyWeb.stop(), modernWeb.stop(), sse.stop()]);
    },
  };
}

export const textOf = (message: Wire): Wire => {
  const text = message.result?.content?.[0]?.text;
  try {
    return JSON.parse(text);
  } catch {
    return text ?? message;
  }
};
