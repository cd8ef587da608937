import { FFIType, ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { libc } from "./libc.ts";

const { i32, ptr: pointer } = FFIType;
const functions = { socketpair: { args: [i32, i32, i32, pointer], returns: i32 } } as const;
let c: ReturnType<typeof libc<typeof functions>>;

/** AF_UNIX, and SOCK_STREAM with SOCK_CLOEXEC: none of our other children shall hold it open. */
const unix = 1;
const stream = 1 | 0o2000000;
/** So much may lie here unread; the rest waits in the kernel, and the server with it. */
const mostUnread = 1024 * 1024;

/** What a child says, in pieces, until it ends or is let go of, so that a pipe which somebody else holds open costs no descriptor. */
export type Pieces = { chunks: AsyncGenerator<Uint8Array>; close: () => void };

export type Outlet = {
  /** The child's standard output. */
  childEnd: number;
  /** The child has its end, or there is none. */
  spawned: (isThere: boolean) => void;
  read: () => Pieces;
};

/**
 * A socket for a child to write to: what Bun makes for one itself, read as the sockets of the network are, at a third of what a ReadableStream costs.
 * Undefined where there is none to be had.
 */
export function openOutlet(): Outlet | undefined {
  const ends = new Int32Array(2);
  c ??= libc(functions);
  if (c?.socketpair(unix, stream, 0, ptr(ends)) !== 0) return undefined;
  const [ours = -1, childEnd = -1] = ends;
  return {
    childEnd,
    spawned(isThere) {
      closeSync(childEnd);
      if (!isThere) closeSync(ours);
    },
    read: () => piecesOf(ours),
  };
}

function piecesOf(fd: number): Pieces {
  const unread: Uint8Array[] = [];
  let size = 0;
  let socket: Bun.Socket | undefined;
  let isOver = false;
  let isPaused = false;
  let wake = () => {};

  const over = () => {
    isOver = true;
    wake();
  };
  const options: Bun.FdSocketOptions = {
    fd,
    socket: {
      open(given) {
        socket = given;
      },
      data(given, piece) {
        unread.push(piece);
        size += piece.length;
        if (size > mostUnread) {
          isPaused = true;
          given.pause();
        }
        wake();
      },
      end: over,
      close: over,
      error: over,
    },
  };
  // Bun has types for these options and none for a call with them.
  const opened = Bun.connect(options as unknown as Bun.UnixSocketOptions).catch(over);

  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      for (let piece = unread.shift(); piece !== undefined; piece = unread.shift()) {
        size -= piece.length;
        yield piece;
      }
      if (isOver) return;
      if (isPaused) socket?.resume();
      isPaused = false;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    chunks: chunks(),
    close() {
      over();
      void opened.then(() => socket?.terminate());
    },
  };
}
