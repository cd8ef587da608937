// A caller of the gateway, over a real connection: what it hears, whether that is well-formed, and how long it took.
import { connect } from "node:net";

// biome-ignore lint/suspicious/noExplicitAny: messages of every shape.
export type Message = any;
/** All that came for one request; `broken` says what of it could not be understood. */
export type Heard = { ms: number; messages: Message[]; broken: string[] };
export type Gateway = { url: string; token: string };

/** Longer than any deadline; a loaded machine is no fault. */
const longestMs = 30_000;
let lastId = 0;

const nextId = (): number => ++lastId;
export const callOf = (name: string, args: object, id = nextId()) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args, _meta: { progressToken: `p${id}` } },
});

const headersOf = (token: string) => ({
  authorization: `Bearer ${token}`,
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
});

/** One request, read to the end of its answer. */
export async function ask({ url, token }: Gateway, message: object, ms = longestMs): Promise<Heard> {
  const startedAt = performance.now();
  const init = { method: "POST", headers: headersOf(token), body: JSON.stringify(message), keepalive: false };
  const heard: Heard = { ms: 0, messages: [], broken: [] };
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ms) });
    read(await response.text(), response.headers.get("content-type") ?? "", heard);
  } catch (error) {
    heard.broken.push(String(error));
  }
  return { ...heard, ms: performance.now() - startedAt };
}

function read(text: string, type: string, heard: Heard): void {
  const parts = type.startsWith("text/event-stream")
    ? text.split("\n\n").flatMap((event) => /^data: ?(.+)$/m.exec(event)?.[1] ?? [])
    : [text];
  for (const part of parts) {
    try {
      heard.messages.push(JSON.parse(part));
    } catch {
      heard.broken.push(`not JSON: ${part.slice(0, 100)}`);
    }
  }
}

/** The same by hand: how fast it is sent, and whether and how fast the answer is read. */
export async function askBadly(
  { url, token }: Gateway,
  message: object,
  manner: "slowly" | "leaves" | "never reads",
): Promise<Heard> {
  const startedAt = performance.now();
  const { hostname, port, pathname } = new URL(url);
  const body = JSON.stringify(message);
  const lines = Object.entries({ host: `${hostname}:${port}`, ...headersOf(token), connection: "close" })
    .concat([["content-length", String(Buffer.byteLength(body))]])
    .map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = connect({ host: hostname, port: Number(port) });
  const heard: Heard = { ms: 0, messages: [], broken: [] };
  const got: Uint8Array[] = [];
  const over = new Promise<void>((resolve) => void socket.on("close", () => resolve()).on("error", () => resolve()));
  const text = `POST ${pathname} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
  if (manner === "slowly") {
    for (let at = 0; at < text.length; at += 40) {
      socket.write(text.slice(at, at + 40));
      await Bun.sleep(20);
    }
    socket.on("data", (data) => {
      got.push(Buffer.from(data));
      socket.pause();
      setTimeout(() => socket.resume(), 10);
    });
    await Promise.race([over, Bun.sleep(longestMs)]);
    const whole = Buffer.concat(got).toString();
    const [head = "", ...rest] = whole.split("\r\n\r\n");
    read(unchunked(head, rest.join("\r\n\r\n")), /content-type: (.*)/i.exec(head)?.[1] ?? "", heard);
  } else {
    socket.pause();
    socket.write(text);
    await Bun.sleep(manner === "leaves" ? 150 : 1_000);
    socket.destroy();
    await over;
  }
  return { ...heard, ms: performance.now() - startedAt };
}

function unchunked(head: string, body: string): string {
  if (!/transfer-encoding: *chunked/i.test(head)) return body;
  const parts: string[] = [];
  for (let at = 0; ; ) {
    const end = body.indexOf("\r\n", at);
    const length = Number.parseInt(body.slice(at, end), 16);
    if (end < 0 || !(length > 0)) return parts.join("");
    parts.push(body.slice(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}
