import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

/** A request as it stood on the wire. `rpc` is its JSON-RPC method, `version` the protocol revision it names in a header or in its body. */
export type Heard = {
  verb: string;
  path: string;
  headers: string;
  rpc: string | undefined;
  version: string | undefined;
};

/** A port of its own before the gateway: every byte passes unchanged, and what a client said can be read afterwards. */
export async function startTap(gateway: string) {
  const { hostname, port } = new URL(gateway);
  const said: Said[] = [];
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const connection: Said = { text: "", begun: [] };
    said.push(connection);
    const there = connect(Number(port), hostname);
    client.on("data", (bytes) => {
      const text = bytes.toString();
      connection.text += text;
      for (const _ of text.matchAll(head)) connection.begun.push(requests++);
    });
    for (const [one, other] of [
      [client, there],
      [there, client],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** In the order in which they came, on whatever connection. */
    heard: (): Heard[] => {
      const all = said.flatMap(({ text, begun }) => requestsIn(text).map((one, at) => ({ one, at: begun[at] ?? 0 })));
      return all.sort((a, b) => a.at - b.at).map(({ one }) => one);
    },
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** What came on one connection, and the number of each request that began there. */
type Said = { text: string; begun: number[] };

/** On a connection that is kept, a request begins where the body before it ends: at no beginning of a line. */
const head = /(?=(?:GET|POST|DELETE|HEAD|OPTIONS) \/\S* HTTP\/1\.1\r\n)/g;

function requestsIn(text: string): Heard[] {
  return text.split(head).flatMap((request) => {
    const [, verb, path] = /^([A-Z]+) (\S+) HTTP\/1\.1\r\n/.exec(request) ?? [];
    if (verb === undefined || path === undefined) return [];
    const [headers = "", body = ""] = request.split("\r\n\r\n", 2);
    const inHeader = /^mcp-protocol-version: *(\S+)/im.exec(headers)?.[1];
    const inBody = /"(?:io\.modelcontextprotocol\/)?protocolVersion":\s*"([^"]+)"/.exec(body)?.[1];
    const rpc = /"method":\s*"([^"]+)"/.exec(body)?.[1];
    return [{ verb, path, headers, rpc, version: inHeader ?? inBody }];
  });
}

/** The revision that a client spoke: what its calls name, else what it opened with. */
export function spoken(heard: readonly Heard[]): string | undefined {
  const named = (rpc: string) => heard.find((request) => request.rpc === rpc && request.version !== undefined)?.version;
  return named("tools/call") ?? named("initialize") ?? named("tools/list");
}
