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
  const said: { text: string }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const connection = { text: "" };
    said.push(connection);
    const there = connect(Number(port), hostname);
    client.on("data", (bytes) => {
      connection.text += bytes.toString();
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
    heard: (): Heard[] => said.flatMap(({ text }) => requestsIn(text)),
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** On a connection that is kept, a request begins where the body before it ends: at no beginning of a line. */
const start = /(?=(?:GET|POST|DELETE|HEAD|OPTIONS) \/\S* HTTP\/1\.1\r\n)/;

function requestsIn(text: string): Heard[] {
  return text.split(start).flatMap((request) => {
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
