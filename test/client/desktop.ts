import { bridge } from "../../src/client/bridge/bridge.ts";
import type { Fetch } from "../../src/client/client.ts";
import { metaKeys, modernVersion } from "../../src/mcp/protocol.ts";

// biome-ignore lint/suspicious/noExplicitAny: messages of every shape.
type Wire = any;
type Options = { url: string; token: string; fetch: Fetch; patienceMs?: number };

/** A client that starts a command and speaks to it a line at a time, with the bridge in the place of the command. */
export function desktop({ url, token, fetch, patienceMs = 10_000 }: Options) {
  const said: Wire[] = [];
  const told: string[] = [];
  const waiting: string[] = [];
  let wake = () => {};
  let isOver = false;
  let nextId = 1;

  async function* lines() {
    for (;;) {
      while (waiting.length > 0) yield waiting.shift();
      if (isOver) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  const say = async (line: string) => {
    if (line.includes("\n")) throw new Error("more than a line");
    said.push(JSON.parse(line));
  };
  const ended = bridge(
    { lines: lines(), say },
    { url: `${url}/mcp`, credential: async () => token, fetch, patienceMs, tell: (text) => void told.push(text) },
  );
  const line = (text: string) => {
    waiting.push(text);
    wake();
  };

  async function answered(what: (message: Wire) => boolean): Promise<Wire> {
    for (const end = performance.now() + 15_000; performance.now() < end; await Bun.sleep(5)) {
      const found = said.find(what);
      if (found !== undefined) return found;
    }
    throw new Error(`it was never said; said: ${JSON.stringify(said)}; told: ${told}`);
  }
  const send = (method: string, params: object = {}, id: string | number = nextId++) => {
    line(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return id;
  };
  const request = async (method: string, params: object = {}) => {
    const id = send(method, params);
    return await answered((message) => message.id === id && message.method === undefined);
  };
  const tell = (method: string, params: object = {}) => line(JSON.stringify({ jsonrpc: "2.0", method, params }));
  return {
    said,
    told,
    line,
    send,
    request,
    tell,
    answered,
    async initialize(protocolVersion = "2025-11-25", capabilities: object = {}) {
      const answer = await request("initialize", {
        protocolVersion,
        capabilities,
        clientInfo: { name: "d", version: "1" },
      });
      tell("notifications/initialized");
      return answer;
    },
    /** What a client of the modern era says with each request. */
    modern: (params: object = {}) => ({
      ...params,
      _meta: {
        [metaKeys.protocolVersion]: modernVersion,
        [metaKeys.clientInfo]: { name: "d", version: "1" },
        [metaKeys.clientCapabilities]: {},
      },
    }),
    /** The end of its input. */
    async close() {
      isOver = true;
      wake();
      await ended;
    },
  };
}
