import { createInput, type Taker } from "./input.ts";
import { openPair, type Pair } from "./pair.ts";

/** What a child reads as its standard input. */
export type Words = Pick<ReturnType<typeof createInput>, "send" | "end"> & { close: () => void };

export type Inlet = Pick<Pair, "childEnd" | "spawned"> & { open: () => Words };

/**
 * A socket for a child to read from: what Bun makes for one itself, written to as the sockets of the network are, at half of what its own pipe costs.
 * Undefined where there is none to be had.
 */
export function openInlet(): Inlet | undefined {
  const pair = openPair();
  return pair && { ...pair, open: () => wordsTo(pair.ours) };
}

function wordsTo(fd: number): Words {
  let socket: Bun.Socket | undefined;
  let isClosed = false;
  const input = createInput(() => socket && takerOf(socket));
  const options: Bun.FdSocketOptions = {
    fd,
    socket: {
      open(given) {
        socket = given;
        input.drain();
      },
      drain: input.drain,
      // A child that writes there says nothing to anybody.
      data() {},
      close: input.drop,
      error: close,
    },
  };
  // Bun has types for these options and none for a call with them.
  const opened = Bun.connect(options as unknown as Bun.UnixSocketOptions).catch(input.drop);
  function close(): void {
    if (isClosed) return;
    isClosed = true;
    input.drop();
    void opened.then(() => socket?.terminate());
  }
  return { send: input.send, end: input.end, close };
}

const takerOf = (socket: Bun.Socket): Taker => ({
  write: (bytes) => socket.write(bytes),
  end: () => void socket.shutdown(),
});

/** The same over the pipe that Bun makes. */
export function wordsInto(sink: Bun.FileSink): Words {
  let isFull = false;
  const taker: Taker = {
    write(bytes) {
      if (isFull) return 0;
      sink.write(bytes.slice());
      const flushed = sink.flush();
      if (flushed instanceof Promise) {
        isFull = true;
        void flushed.then(drained, input.drop);
      }
      return bytes.length;
    },
    end: () => void Promise.resolve(sink.end()).catch(() => {}),
  };
  const input = createInput(() => taker);
  const drained = () => {
    isFull = false;
    input.drain();
  };
  return { send: input.send, end: input.end, close: input.drop };
}
