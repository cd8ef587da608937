// An HTTP/1.1 server in which a test says each byte that is answered, and sees each request and connection that arrives.
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

export type Arrived = {
  verb: string;
  path: string;
  headers: Record<string, string>;
  body: string;
  /** The body, if it is JSON. */
  said: { id?: number; method?: string; params?: { name?: string; arguments?: unknown } };
  /** Which of the connections it came over, from 1. */
  connection: number;
  socket: Socket;
};

/** What goes out for a request; nothing when the test has dealt with the socket itself. */
export type Answer = (request: Arrived) => string | undefined | Promise<string | undefined>;

export const reply = (status: number, body = "", headers: Record<string, string> = {}): string =>
  [
    `HTTP/1.1 ${status} X`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): string =>
  reply(status, JSON.stringify(body), { "content-type": "application/json", ...headers });

const tool = { content: [{ type: "text", text: "ok" }] };

/** A server that introduces itself in the modern era and answers every call with "ok". */
export const modernAnswer: Answer = ({ said: { id, method } }) =>
  method === "server/discover"
    ? json({ jsonrpc: "2.0", id, result: { supportedVersions: ["2026-07-28"], capabilities: { tools: {} } } })
    : json({ jsonrpc: "2.0", id, result: tool });

/** The same in the legacy era, in a session called `s`, without a stream of its own. */
export const legacyAnswer: Answer = ({ verb, said: { id, method } }) => {
  if (verb !== "POST") return reply(verb === "GET" ? 405 : 200);
  if (id === undefined) return reply(202);
  if (method === "server/discover") return json({ jsonrpc: "2.0", id, error: { code: -32601, message: "no" } }, 400);
  const hello = { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "raw" } };
  if (method === "initialize") return json({ jsonrpc: "2.0", id, result: hello }, 200, { "mcp-session-id": "s" });
  return json({ jsonrpc: "2.0", id, result: tool });
};

export async function startRawServer(answer: Answer, tls?: TlsOptions) {
  const arrived: Arrived[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;

  function serve(socket: Socket): void {
    const connection = ++connections;
    let buffered = "";
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => void sockets.delete(socket));
    socket.on("data", async (data) => {
      buffered += data.toString("latin1");
      for (let end = buffered.indexOf("\r\n\r\n"); end >= 0; end = buffered.indexOf("\r\n\r\n")) {
        const [line = "", ...rest] = buffered.slice(0, end).split("\r\n");
        const headers = Object.fromEntries(
          rest.map((header) => [
            header.slice(0, header.indexOf(":")).toLowerCase(),
            header.slice(header.indexOf(":") + 1).trim(),
          ]),
        );
        const bodyEnd = end + 4 + Number(headers["content-length"] ?? 0);
        if (buffered.length < bodyEnd) return;
        const body = Buffer.from(buffered.slice(end + 4, bodyEnd), "latin1").toString();
        buffered = buffered.slice(bodyEnd);
        const [verb = "", path = ""] = line.split(" ");
        const said = body.startsWith("{") ? JSON.parse(body) : {};
        const request = { verb, path, headers, body, said, connection, socket };
        arrived.push(request);
        const bytes = await answer(request);
        if (bytes !== undefined) socket.write(bytes);
      }
    });
  }

  const server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve).on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http${tls === undefined ? "" : "s"}://127.0.0.1:${port}/mcp`,
    arrived,
    /** How often a method arrived, or a call of a tool by its name. */
    times: (what: string) => arrived.filter(({ said }) => said.method === what || said.params?.name === what).length,
    connections: () => connections,
    /** Connections that are open now. */
    open: () => sockets.size,
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
