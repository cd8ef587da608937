import type { Socket, SocketHandler } from "bun";
import type { Ending } from "../../../lib/ending.ts";
import { turn } from "../../../lib/wait.ts";
import { wheel } from "../../../lib/wheel.ts";
import type { tlsOptions } from "../tls.ts";
import type { Asker } from "./answer.ts";
import { Exchange, type Line } from "./exchange.ts";
import { type Framing, fieldOf, type Head } from "./head.ts";
import { type Listener, Parser } from "./parser.ts";
import type { Bytes } from "./request.ts";
import { Unsent } from "./unsent.ts";
import { Writing } from "./writing.ts";

/** Where a connection leads; those with the same `key` may be used for each other. */
export type Destination = {
  hostname: string;
  port: number;
  tls: ReturnType<typeof tlsOptions> | undefined;
  key: string;
};

/** Who has connections. */
export type Owner = {
  /** It is open, and free for a first request. */
  opened: (connection: Connection) => void;
  /** It is free for another one. */
  free: (connection: Connection) => void;
  gone: (connection: Connection, why: unknown) => void;
  /** What was given up before it was open has come to an end for the system too. */
  settled: (connection: Connection) => void;
};

/** Of servers that do not say it: Node's own ends what has been idle for five seconds. */
const assumedIdleMs = 4_000;
const longestIdleMs = 60_000;
/** What is longer no socket takes at once. */
const longText = 256 * 1024;
/** Bytes of a long request. */
const mostAtOnce = 1024 * 1024;
/** A write of less costs about as much as one of so many bytes. */
const leastWrite = 16 * 1024;
const encoder = new TextEncoder();
/** How long the other side may take to end it as well. */
const farewellMs = 1_000;

/** One connection, over which one request after the other goes. */
export class Connection implements Line, Listener {
  readonly destination: Destination;
  readonly #owner: Owner;
  readonly #parser = new Parser(this);
  #socket: Socket<Connection> | undefined;
  #exchange: Exchange | undefined;
  /** Of a request that the system has not taken whole; `#writing` has what comes behind it. */
  #rest: Buffer | undefined;
  #writing: Writing | undefined;
  #failure: unknown;
  #isPaused = false;
  /** The last head, which says the same again mostly. */
  #heeded: Head | undefined;
  isGone = false;
  get isOpen(): boolean {
    return this.#socket !== undefined;
  }
  /** How long it may be idle: less than the server says, which ends it otherwise while the next request is on its way. */
  idleMs = assumedIdleMs;
  idleSince = 0;

  constructor(destination: Destination, owner: Owner) {
    this.destination = destination;
    this.#owner = owner;
  }

  connect(): void {
    const { hostname, port, tls } = this.destination;
    const options = { hostname, port, data: this as Connection, socket: handlers, ...(tls && { tls }) };
    try {
      Bun.connect<Connection>(options).catch((error: unknown) => this.notConnected(error));
    } catch (error) {
      this.gone(coded("FailedToOpenSocket", error));
    }
  }

  /**
   * Writes a request, whose asker is told of the answer. Letting go of the request ends the connection: it cannot be taken back otherwise.
   * @throws Unsent
   */
  send(request: Bytes, ending: Ending, asker: Asker): void {
    const writing = Array.isArray(request) ? new Writing(request) : undefined;
    const bytes = writing?.next() ?? atOnce(request as string | Buffer);
    const written = this.isGone ? -1 : (this.#socket?.write(bytes) ?? -1);
    if (written < 0) {
      this.close(undefined);
      throw new Unsent("it closed the connection at once");
    }
    this.#parser.expect();
    this.#exchange = new Exchange(this, ending, asker);
    if (written < Buffer.byteLength(bytes))
      this.#rest = (typeof bytes === "string" ? Buffer.from(bytes) : bytes).subarray(written);
    if (writing === undefined) return;
    this.#writing = writing;
    this.#writeOn();
  }

  /** As much of a long request as the system takes, or as there may be in one turn of the event loop. */
  #writeOn(): void {
    for (let size = 0; this.#rest === undefined && !this.isGone; ) {
      if (size > mostAtOnce) return void turn().then(() => this.#writeOn());
      this.#rest = this.#writing?.next();
      if (this.#rest === undefined) {
        this.#writing = undefined;
        return;
      }
      size += Math.max(leastWrite, this.#rest.length);
      this.#writeRest();
    }
  }

  /** Ends it at once, whatever is under way: what came of a body is not the whole of it then. */
  close(why: unknown): void {
    const socket = this.#socket;
    const isIdle = this.#exchange === undefined;
    this.gone(why);
    if (!isIdle || why !== undefined) return void socket?.terminate();
    // A reset would be an error in the log of whoever has done nothing wrong.
    socket?.end();
    wheel.after(farewellMs, () => socket?.terminate());
  }

  connected(socket: Socket<Connection>): void {
    this.#socket = socket;
    if (this.isGone) {
      this.#owner.settled(this);
      socket.terminate();
    }
    // Before the other side has shown who it is, nothing is said.
    else if (this.destination.tls === undefined) this.#owner.opened(this);
  }

  trusted(): void {
    if (!this.isGone) this.#owner.opened(this);
  }

  notConnected(error: unknown): void {
    this.gone(error);
    this.#owner.settled(this);
  }

  received(bytes: Buffer): void {
    const exchange = this.#exchange;
    try {
      this.#parser.feed(bytes);
    } catch (error) {
      this.close(error);
    }
    exchange?.handOn();
  }

  drained(): void {
    if (this.#rest === undefined) return;
    this.#writeRest();
    if (this.#writing !== undefined) this.#writeOn();
  }

  #writeRest(): void {
    if (this.#rest === undefined) return;
    const written = this.#socket?.write(this.#rest) ?? -1;
    if (written >= this.#rest.length) this.#rest = undefined;
    else if (written > 0) this.#rest = this.#rest.subarray(written);
  }

  failed(error: unknown): void {
    this.#failure ??= error;
  }

  /** The other side has ended it, which is how some bodies end. */
  ended(error: unknown): void {
    const exchange = this.#exchange;
    if (exchange?.hasBegun === true && (this.#failure ?? error) === undefined) {
      try {
        this.#parser.finish();
      } catch (why) {
        this.#failure ??= why;
      }
    }
    this.gone(error);
    exchange?.handOn();
  }

  gone(error: unknown): void {
    if (this.isGone) return;
    this.isGone = true;
    this.#writing = undefined;
    const why = this.#failure ?? error ?? coded("ConnectionClosed");
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.fail(why);
    this.#owner.gone(this, why);
  }

  onHead(head: Head, framing: Framing): void {
    this.#heed(head);
    this.#exchange?.begin(head, framing);
  }

  #heed(head: Head): void {
    if (head === this.#heeded) return;
    this.#heeded = head;
    const says = fieldOf(head, "keep-alive");
    const seconds = says === undefined ? undefined : /(?:^|[\s,])timeout=(\d{1,9})/i.exec(says)?.[1];
    if (seconds !== undefined) this.idleMs = Math.max(0, Math.min(longestIdleMs, (Number(seconds) - 1) * 1000));
  }

  hold(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) this.#socket?.pause();
    else this.#socket?.resume();
  }

  onBody(bytes: Buffer): void {
    this.#exchange?.push(bytes);
  }

  onEnd(isKept: boolean): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    // Its reader has it all now.
    if (this.#isPaused) this.hold(false);
    exchange?.end();
    this.#release(isKept);
  }

  onWhole(head: Head, bytes: Buffer, from: number, isKept: boolean): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#heed(head);
    // Whoever is told may ask the next at once.
    this.#release(isKept);
    exchange?.complete(head, bytes, from);
  }

  #release(isKept: boolean): void {
    if (this.isGone) return;
    if (isKept && this.#rest === undefined && this.#writing === undefined) this.#owner.free(this);
    else this.close(undefined);
  }
}

/** Of megabytes nearly all waits here, and would be copied again for that. */
const atOnce = (bytes: string | Buffer): string | Buffer =>
  typeof bytes === "string" && bytes.length > longText ? encoded(bytes) : bytes;

/** What is put together of pieces is copied by this, and not put together first. */
const encoded = (text: string): Buffer => Buffer.from(encoder.encode(text).buffer);

/** A failure by the code that reasons are told by. */
const coded = (code: string, cause?: unknown): Error =>
  Object.assign(new Error("the connection has ended", { cause }), { code });

/** The two could not agree at all, whoever the other is. */
const isBroken = (error: unknown): boolean =>
  /^E[A-Z]*(?:_SSL|$)/.test(String((error as { code?: unknown } | null)?.code));

const handlers: SocketHandler<Connection, "buffer"> = {
  open: (socket) => socket.data.connected(socket),
  handshake(socket, isTrusted, error) {
    const { tls } = socket.data.destination;
    // Where any certificate is taken it is also one for another name, which is no error here but a lack of trust.
    const isTaken = tls?.rejectUnauthorized === false ? !isBroken(error) : isTrusted && !error;
    if (isTaken) socket.data.trusted();
    else socket.data.close(error ?? coded("EPROTO"));
  },
  data: (socket, bytes) => socket.data.received(bytes),
  drain: (socket) => socket.data.drained(),
  error: (socket, error) => socket.data.failed(error),
  close: (socket, error) => socket.data.ended(error),
  connectError: (socket, error) => socket.data.notConnected(error),
};
