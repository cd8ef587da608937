import type { Socket, SocketHandler } from "bun";
import type { Ending } from "../../../lib/ending.ts";
import type { tlsOptions } from "../tls.ts";
import type { Answer } from "./answer.ts";
import { Exchange } from "./exchange.ts";
import { type Framing, fieldOf, type Head } from "./head.ts";
import { Parser } from "./parser.ts";
import type { Bytes } from "./request.ts";

/** Where a connection leads; those with the same `key` may be used for each other. */
export type Destination = {
  hostname: string;
  port: number;
  tls: ReturnType<typeof tlsOptions> | undefined;
  key: string;
};

/** Nothing of the request was written: nobody can have got it. */
export class Unsent extends Error {}

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

/** One connection, over which one request after the other goes. */
export class Connection {
  readonly destination: Destination;
  readonly #owner: Owner;
  readonly #parser = new Parser(this);
  #socket: Socket<Connection> | undefined;
  #exchange: Exchange | undefined;
  /** Of a request that the system has not taken whole. */
  #rest: Buffer | undefined;
  #failure: unknown;
  #isPaused = false;
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
   * The answer to a request, once its head has come. Letting go of the request ends the connection: it cannot be taken back otherwise.
   * @throws Unsent
   */
  send(bytes: Bytes, ending: Ending): Promise<Answer> {
    ending.throwIfEnded();
    const written = this.isGone ? -1 : (this.#socket?.write(bytes) ?? -1);
    if (written < 0) {
      this.close(undefined);
      throw new Unsent("it closed the connection at once");
    }
    this.#parser.expect();
    const exchange = new Exchange(ending, (reason) => this.close(reason));
    this.#exchange = exchange;
    if (written < Buffer.byteLength(bytes)) this.#rest = Buffer.from(bytes).subarray(written);
    return exchange.answer;
  }

  /** Ends it at once, whatever is under way: what came of a body is not the whole of it then. */
  close(why: unknown): void {
    const socket = this.#socket;
    this.gone(why);
    socket?.terminate();
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
    try {
      this.#parser.feed(bytes);
    } catch (error) {
      this.close(error);
    }
  }

  drained(): void {
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
    if (this.#exchange?.hasHead === true && (this.#failure ?? error) === undefined) {
      try {
        this.#parser.finish();
      } catch (why) {
        this.#failure ??= why;
      }
    }
    this.gone(error);
  }

  gone(error: unknown): void {
    if (this.isGone) return;
    this.isGone = true;
    const why = this.#failure ?? error ?? coded("ConnectionClosed");
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.fail(why);
    this.#owner.gone(this, why);
  }

  onHead(head: Head, framing: Framing): void {
    const says = fieldOf(head, "keep-alive");
    const seconds = says === undefined ? undefined : /(?:^|[\s,])timeout=(\d{1,9})/i.exec(says)?.[1];
    if (seconds !== undefined) this.idleMs = Math.max(0, Math.min(longestIdleMs, (Number(seconds) - 1) * 1000));
    const exchange = this.#exchange;
    const isOurs = () => this.#exchange === exchange;
    exchange?.begin(head, framing, {
      pause: () => isOurs() && this.#hold(true),
      resume: () => isOurs() && this.#hold(false),
      letGo: () => isOurs() && this.close(new Error("the rest of it was not wanted")),
    });
  }

  #hold(isPaused: boolean): void {
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
    if (this.#isPaused) this.#hold(false);
    exchange?.end();
    if (isKept && this.#rest === undefined && !this.isGone) this.#owner.free(this);
    else this.close(undefined);
  }
}

/** A failure by the code that reasons are told by. */
const coded = (code: string, cause?: unknown): Error =>
  Object.assign(new Error("the connection has ended", { cause }), { code });

const handlers: SocketHandler<Connection, "buffer"> = {
  open: (socket) => socket.data.connected(socket),
  handshake(socket, isTrusted, error) {
    const { tls } = socket.data.destination;
    if (isTrusted && (!error || tls?.rejectUnauthorized === false)) socket.data.trusted();
    else socket.data.close(error ?? coded("EPROTO"));
  },
  data: (socket, bytes) => socket.data.received(bytes),
  drain: (socket) => socket.data.drained(),
  error: (socket, error) => socket.data.failed(error),
  close: (socket, error) => socket.data.ended(error),
  connectError: (socket, error) => socket.data.notConnected(error),
};
