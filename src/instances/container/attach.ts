import type { Socket } from "bun";
import { Problem } from "../../lib/problem.ts";
import { within } from "../../lib/wait.ts";
import type { Message } from "../channel.ts";
import { createInput, type Taker } from "../input.ts";
import { demultiplexer, type Frame } from "./frames.ts";
import { messageIn, Refusal } from "./refusal.ts";

/** The other end of a container's standard input and output. */
export type Attached = {
  /** All that it writes, until it has ended or the engine let go of the connection. Read once. */
  frames: AsyncIterable<Frame>;
  /** Sends it a line. @throws Problem `unavailable` when it does not read what it is sent */
  send: (message: Message) => void;
  /** Nothing more will be written; what was is still delivered. */
  endInput: () => void;
  close: () => void;
};

const answerMs = 10_000;
const mostHeadBytes = 16 * 1024;
const unreadBytes = 1024 * 1024;

/**
 * Attaches to a container before it is started, so that nothing it says is missed. It begins as an HTTP request and goes on as bare bytes in both
 * directions, which `fetch` cannot do. @throws Refusal; Problem `unavailable`
 */
export async function attachTo(path: string, id: string, withInput: boolean): Promise<Attached> {
  const connection = await connect(path);
  const { socket, incoming, input } = connection;
  const query = `stream=1&stdout=1&stderr=1${withInput ? "&stdin=1" : ""}`;
  // Fewer bytes than any buffer holds.
  socket.write(
    `POST /containers/${id}/attach?${query} HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n`,
  );
  const reader = incoming.getReader();
  try {
    const rest = await within(answerMs, pastHead(reader));
    if (rest === undefined) throw new Problem("unavailable", `the container engine at ${path} does not answer`);
    return { send: input.send, endInput: input.end, frames: framesOf(rest, reader), close: connection.close };
  } catch (error) {
    connection.close();
    throw error;
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** Reads the answer's head; answers what came after it. */
async function pastHead(reader: Reader): Promise<Uint8Array> {
  let got = Buffer.alloc(0);
  for (;;) {
    const { value, done } = await reader.read();
    if (!done) got = Buffer.concat([got, value]);
    const isOver = done || got.length > mostHeadBytes;
    const end = got.indexOf("\r\n\r\n");
    const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(got.toString("latin1"))?.[1] ?? 0);
    // Docker and podman say 101 to the wish for an upgrade; to those who do not ask for one, 200.
    if (end >= 0 && (status === 101 || status === 200)) return got.subarray(end + 4);
    const message = end < 0 ? undefined : messageIn(objectIn(got.subarray(end).toString()));
    if (message !== undefined || isOver) throw new Refusal(status, message);
  }
}

/** The body may come in chunks, whose lengths stand around it. */
const objectIn = (text: string): string => text.slice(Math.max(0, text.indexOf("{")), text.lastIndexOf("}") + 1);

async function* framesOf(first: Uint8Array, reader: Reader): AsyncGenerator<Frame> {
  const part = demultiplexer();
  yield* part(first);
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield* part(value);
  }
}

/** A connection whose unread bytes are bounded by not reading on, and whose unsent ones by refusing more. */
async function connect(path: string) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let socket: Socket | undefined;
  let hasEnded = false;
  const incoming = new ReadableStream<Uint8Array>(
    {
      start: (given) => {
        controller = given;
      },
      pull: () => void (hasEnded || socket?.resume()),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: unreadBytes }),
  );
  const input = createInput(() => socket && takerOf(socket));
  const end = () => {
    if (!hasEnded) controller?.close();
    hasEnded = true;
  };
  const gone = () => {
    input.drop();
    end();
  };
  const close = () => {
    gone();
    socket?.terminate();
  };
  try {
    socket = await Bun.connect({
      unix: path,
      socket: {
        data(from, bytes) {
          if (hasEnded) return;
          controller?.enqueue(bytes);
          if ((controller?.desiredSize ?? 0) <= 0) from.pause();
        },
        drain: input.drain,
        end,
        close: gone,
        error: close,
      },
    });
  } catch (cause) {
    throw new Problem("unavailable", `the container engine at ${path} does not answer`, { cause });
  }
  return { socket, incoming, input, close };
}

const takerOf = (socket: Socket): Taker => ({
  write: (bytes) => socket.write(bytes),
  end: () => void socket.shutdown(),
});
