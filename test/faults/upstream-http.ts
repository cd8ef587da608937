// An MCP server over Streamable HTTP and over HTTP with SSE, on bare TCP, so that it can break off anywhere.
import { createServer, type Socket } from "node:net";
import { type Asked, changesLists, deedOf, type HttpMouth, ordinary, wellAnswered } from "./deeds.ts";

type Request = { verb: string; path: string; headers: Record<string, string>; body: string };

const heads = { json: "application/json", events: "text/event-stream" } as const;

export async function startFaultyHttp(transport: "http" | "sse", fault: string, era: string) {
  const sockets = new Set<Socket>();
  /** The streams on which a client listens. */
  const streams = new Set<Socket>();
  const calls: string[] = [];
  let isOn = false;
  let isUp = true;

  /** What stands in front of a body that is as long as it likes. */
  const open = (socket: Socket, type: string) =>
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const chunk = (socket: Socket, bytes: string | Uint8Array) => {
    const data = Buffer.from(bytes);
    if (!socket.destroyed && socket.writable)
      socket.write(Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")]));
  };
  const event = (message: string | Uint8Array, lineEnd: string) =>
    Buffer.concat([Buffer.from("data: "), Buffer.from(message), Buffer.from(lineEnd + lineEnd)]);
  const respond = (socket: Socket, status: number, more: Record<string, string> = {}, body = "") => {
    const all = { "content-length": String(Buffer.byteLength(body)), ...more };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    if (socket.writable) socket.write(`HTTP/1.1 ${status} Status\r\n${lines.join("")}\r\n${body}`);
  };
  const json = (socket: Socket, message: string) => respond(socket, 200, { "content-type": heads.json }, message);

  function die(how: "close" | "reset"): void {
    isUp = false;
    server.close();
    for (const socket of sockets) how === "close" ? socket.end() : socket.resetAndDestroy();
  }

  /**
   * How one call is answered. Over SSE what goes wrong may be the answer to the POST, or what comes on the listening stream once that was accepted;
   * over Streamable HTTP both are one.
   */
  function mouthOf(socket: Socket): HttpMouth {
    let way: Socket | undefined = socket;
    let isStream = false;
    let isBegun = false;
    let isPart = false;
    const begin = (type: string) => {
      if (isBegun) return;
      isBegun = true;
      isStream = type === heads.events || transport === "sse";
      if (transport === "http") return void open(socket, type);
      respond(socket, 202);
      way = [...streams].at(-1);
    };
    const put = (bytes: string | Uint8Array) => way !== undefined && chunk(way, bytes);
    return {
      isOn: () => isOn,
      stream: () => begin(heads.events),
      say(message, lineEnd = "\n") {
        begin(heads.json);
        put(isStream ? event(message, lineEnd) : Buffer.concat([Buffer.from(message), Buffer.from(lineEnd)]));
        if (!isStream) socket.write("0\r\n\r\n");
      },
      part(bytes) {
        begin(heads.json);
        put(isStream && !isPart ? `data: ${bytes}` : bytes);
        isPart = true;
      },
      noise: (words) => void put(`event: log\ndata: ${words}\n\ndata: ${words}\n\n`),
      async aside(words) {
        put(`${words.trimEnd().replace(/^/gm, ": ")}\n\n`);
        if (way?.writableNeedDrain) await new Promise((resolve) => way?.once("drain", resolve).once("close", resolve));
      },
      close() {
        begin(heads.json);
        way?.end();
      },
      reset: () => void way?.resetAndDestroy(),
      raw: (bytes) => void socket.write(bytes),
      respond: (status, headers, body) => respond(socket, status, headers, body),
      die,
    };
  }

  async function post(socket: Socket, { body }: Request): Promise<void> {
    const asked = JSON.parse(body) as Asked;
    const accepted = () => respond(socket, 202);
    if (asked.id === undefined || asked.method === undefined) return accepted();
    const said = ordinary(asked, era, isOn ? fault : undefined);
    if (said === undefined) {
      calls.push(String(asked.params.arguments?.mark));
      if (isOn) return await deedOf(transport, fault)(mouthOf(socket) as never, asked);
    }
    const outcome =
      said !== undefined && "error" in said ? { error: { code: -32601, message: "unknown" } } : { result: said };
    const text =
      said === undefined ? await wellAnswered(asked) : JSON.stringify({ jsonrpc: "2.0", id: asked.id, ...outcome });
    if (transport === "http") return json(socket, text);
    accepted();
    const stream = [...streams].at(-1);
    if (stream !== undefined) chunk(stream, event(text, "\n"));
  }

  function take(socket: Socket, request: Request): void {
    const { verb, path } = request;
    if (isOn && fault === "exit at start") return void socket.end();
    if (verb === "POST") return void post(socket, request);
    if (verb === "DELETE") return void respond(socket, 200);
    if (isOn && fault === "wrong content type" && path === "/sse")
      return void respond(socket, 200, { "content-type": "text/html" }, "<html>It works!</html>");
    open(socket, heads.events);
    if (path === "/sse") chunk(socket, "event: endpoint\ndata: /messages\n\n");
    streams.add(socket);
  }

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    let held = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    socket.on("close", () => void [sockets.delete(socket), streams.delete(socket)]);
    socket.on("data", (data) => {
      // Whoever begins a handshake of TLS here is answered as plain servers do.
      if (data[0] === 0x16) return void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
      held = Buffer.concat([held, Buffer.from(data)]);
      for (let one = firstOf(held); one !== undefined; one = firstOf(held)) {
        held = held.subarray(one.length);
        take(socket, one.request);
      }
    });
  });

  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port }, () => resolve()));
  await listen(0);
  const { port } = server.address() as { port: number };
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };

  return {
    url: `http://127.0.0.1:${port}/${transport === "sse" ? "sse" : "mcp"}`,
    port,
    calls,
    /** Who is connected already learns of some faults at once. */
    begin(): void {
      isOn = true;
      if (changesLists(fault)) tellOfChange();
      if (fault === "exit at start" || (fault === "wrong content type" && transport === "sse")) hangUp();
    },
    async end(): Promise<void> {
      isOn = false;
      if (changesLists(fault)) tellOfChange();
      if (!isUp) await listen(port);
      isUp = true;
    },
    /** Nobody is there any more. */
    leave(): void {
      isUp = false;
      server.close();
      hangUp();
    },
    stop(): void {
      server.close();
      hangUp();
    },
  };

  function tellOfChange(): void {
    const change = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}';
    for (const stream of streams) chunk(stream, event(change, "\n"));
  }
}

/** The first request of what came, and its length in bytes, once it is whole. */
function firstOf(held: Buffer): { request: Request; length: number } | undefined {
  const end = held.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [line = "", ...rest] = held.subarray(0, end).toString().split("\r\n");
  const headers = Object.fromEntries(
    rest.map((one) => [one.slice(0, one.indexOf(":")).toLowerCase(), one.slice(one.indexOf(":") + 1).trim()]),
  );
  const length = end + 4 + Number(headers["content-length"] ?? 0);
  if (held.length < length) return undefined;
  const [verb = "", path = ""] = line.split(" ");
  return { request: { verb, path, headers, body: held.subarray(end + 4, length).toString() }, length };
}
