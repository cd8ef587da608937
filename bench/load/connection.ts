/** An answer as it came. `body` holds what the chunks held. */
export type Answer = { status: number; head: string; body: Buffer };
type Waiting = { resolve: (answer: Answer) => void; reject: (why: Error) => void };

const headEnd = Buffer.from("\r\n\r\n");
const lineEnd = Buffer.from("\r\n");

/** One keep-alive connection with one request at a time: a caller that costs next to nothing, so that what is called is what is measured. */
export class Connection {
  #socket: Bun.Socket | undefined;
  #waiting: Waiting | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #unsent: Uint8Array | undefined;

  static async open(port: number): Promise<Connection> {
    const connection = new Connection();
    connection.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_, chunk) => connection.#take(chunk),
        drain: () => connection.#write(),
        close: () => connection.#fail("the connection was closed"),
        error: (_, error) => connection.#fail(error.message),
      },
    });
    connection.#socket.setNoDelay(true);
    return connection;
  }

  send(request: Uint8Array): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting = { resolve, reject };
    this.#unsent = request;
    this.#write();
    return promise;
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket?.end();
  }

  #write(): void {
    if (this.#unsent === undefined) return;
    const sent = Math.max(0, this.#socket?.write(this.#unsent) ?? 0);
    this.#unsent = sent < this.#unsent.length ? this.#unsent.subarray(sent) : undefined;
  }

  #fail(why: string): void {
    this.#waiting?.reject(new Error(why));
    this.#waiting = undefined;
  }

  #take(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#bytes, chunk]);
    const answer = answerIn(this.#bytes);
    if (answer === undefined) return;
    this.#bytes = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }
}

/** The answer that these bytes are; undefined as long as they are not the whole of it. */
function answerIn(bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf(headEnd);
  if (end < 0) return undefined;
  const head = bytes.toString("latin1", 0, end);
  const [, digits] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
  const status = Number(head.slice(9, 12));
  const from = end + headEnd.length;
  if (digits !== undefined) {
    const length = Number(digits);
    return bytes.length < from + length ? undefined : { status, head, body: bytes.subarray(from, from + length) };
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return { status, head, body: Buffer.alloc(0) };
  const body = chunksIn(bytes, from);
  return body === undefined ? undefined : { status, head, body };
}

function chunksIn(bytes: Buffer, from: number): Buffer | undefined {
  // The last chunk is empty: without it at the end there is no need to look at the others.
  if (bytes.indexOf("\r\n0\r\n\r\n", Math.max(from - 2, bytes.length - 7)) < 0) return undefined;
  const parts: Buffer[] = [];
  for (let at = from; ; ) {
    const line = bytes.indexOf(lineEnd, at);
    if (line < 0) return undefined;
    const length = Number.parseInt(bytes.toString("latin1", at, line), 16);
    if (length === 0) return Buffer.concat(parts);
    const begin = line + lineEnd.length;
    if (begin + length + 2 > bytes.length) return undefined;
    parts.push(bytes.subarray(begin, begin + length));
    at = begin + length + 2;
  }
}
