/** An answer as it came. `body` holds what the chunks held. */
export type Answer = { status: number; head: string; body: Buffer };
type Waiting = { resolve: (answer: Answer) => void; reject: (why: Error) => void };

const headEnd = Buffer.from("\r\n\r\n");
const lineEnd = Buffer.from("\r\n");
/** Servers on Node close what was silent for five seconds. */
const nearlySilentMs = 4_000;
const lastChunk = "\r\n0\r\n\r\n";

/** One keep-alive connection with one request at a time: a caller that costs next to nothing, so that what is called is what is measured. */
export class Connection {
  #socket: Bun.Socket | undefined;
  #waiting: Waiting | undefined;
  #parts: Buffer[] = [];
  #length = 0;
  /** What the head says of the end: so many bytes, or the last chunk. Before that the rest is not looked at. */
  #until: number | "last chunk" = 0;
  #unsent: Uint8Array | undefined;
  /** What is sent on a connection that was silent before, in which its server may just have lost patience. */
  #onOld: Uint8Array | undefined;
  #usedAt = 0;

  readonly #port: number;

  private constructor(port: number) {
    this.#port = port;
  }

  static async open(port: number): Promise<Connection> {
    const connection = new Connection(port);
    await connection.#connect();
    return connection;
  }

  async #connect(): Promise<void> {
    this.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: this.#port,
      socket: {
        data: (_, chunk) => this.#take(chunk),
        drain: () => this.#write(),
        close: (socket) => this.#fail(socket, "the connection was closed"),
        error: (socket, error) => this.#fail(socket, error.message),
      },
    });
    this.#socket.setNoDelay(true);
    this.#usedAt = performance.now();
  }

  send(request: Uint8Array): Promise<Answer> {
    if (this.#socket === undefined) return this.#connect().then(() => this.send(request));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting = { resolve, reject };
    this.#unsent = request;
    this.#onOld = performance.now() - this.#usedAt > nearlySilentMs ? request : undefined;
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

  #fail(socket: Bun.Socket, why: string): void {
    if (this.#socket !== socket) return;
    const waiting = this.#waiting;
    const again = this.#length === 0 ? this.#onOld : undefined;
    [this.#socket, this.#waiting, this.#onOld] = [undefined, undefined, undefined];
    if (again === undefined) waiting?.reject(new Error(why));
    else this.send(again).then(waiting?.resolve, waiting?.reject);
  }

  #take(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#length += chunk.length;
    if (this.#until === "last chunk" ? !this.#endsInLastChunk(chunk) : this.#length < this.#until) return;
    const bytes = this.#parts.length === 1 ? (this.#parts[0] ?? chunk) : Buffer.concat(this.#parts);
    this.#parts = [bytes];
    const answer = answerIn(bytes);
    if (typeof answer !== "object") {
      this.#until = answer;
      return;
    }
    [this.#parts, this.#length, this.#until] = [[], 0, 0];
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#onOld = undefined;
    this.#usedAt = performance.now();
    waiting?.resolve(answer);
  }

  /** Only the last few bytes are looked at: who reads chunks slowly would be measured as who writes them. */
  #endsInLastChunk(chunk: Buffer): boolean {
    const tail = chunk.length < lastChunk.length ? Buffer.concat(this.#parts.slice(-lastChunk.length)) : chunk;
    const end = tail.subarray(-lastChunk.length);
    return end.toString("latin1") === lastChunk;
  }
}

/** The answer that these bytes are, or what is missing of it. */
function answerIn(bytes: Buffer): Answer | number | "last chunk" {
  const end = bytes.indexOf(headEnd);
  if (end < 0) return 0;
  const head = bytes.toString("latin1", 0, end);
  const [, digits] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
  const status = Number(head.slice(9, 12));
  const from = end + headEnd.length;
  if (digits !== undefined) {
    const length = Number(digits);
    return bytes.length < from + length ? from + length : { status, head, body: bytes.subarray(from, from + length) };
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return { status, head, body: Buffer.alloc(0) };
  const body = chunksIn(bytes, from);
  return body === undefined ? "last chunk" : { status, head, body };
}

function chunksIn(bytes: Buffer, from: number): Buffer | undefined {
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
