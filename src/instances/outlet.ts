import { openPair, type Pair } from "./pair.ts";

/** So much may lie here unread; the rest waits in the kernel, and the server with it. */
const mostUnread = 1024 * 1024;

/** What a child says, in pieces, until it ends or is let go of, so that a pipe which somebody else holds open costs no descriptor. */
export type Pieces = { chunks: AsyncGenerator<Uint8Array>; close: () => void };

export type Outlet = Pick<Pair, "childEnd" | "spawned"> & { read: () => Pieces };

/**
 * A socket for a child to write to: what Bun makes for one itself, read as the sockets of the network are, at a third of what a ReadableStream costs.
 * Undefined where there is none to be had.
 */
export function openOutlet(): Outlet | undefined {
  const pair = openPair();
  return pair && { ...pair, read: () => piecesOf(pair.ours) };
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
