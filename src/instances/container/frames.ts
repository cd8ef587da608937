/** A piece of what a container wrote. */
export type Frame = { stream: "stdout" | "stderr"; bytes: Uint8Array };

const headBytes = 8;
/** By number, as the API has them; 0 is its input echoed, which is never asked for. 3 is the engine's own complaint about the stream. */
const streams = { 1: "stdout", 2: "stderr", 3: "stderr" } as const;

/**
 * Parts what a container without a terminal writes: before each piece stand its stream, three zeros and its length in four bytes, big-endian. A piece
 * is passed on as it comes, whatever length it claims. @throws when the bytes cannot be that
 */
export function demultiplexer(): (chunk: Uint8Array) => Frame[] {
  const head = Buffer.alloc(headBytes);
  let headHas = 0;
  let left = 0;
  let stream: Frame["stream"] = "stdout";

  return (chunk) => {
    const frames: Frame[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (left > 0) {
        const bytes = chunk.subarray(at, at + left);
        frames.push({ stream, bytes });
        at += bytes.length;
        left -= bytes.length;
        continue;
      }
      head[headHas++] = chunk[at++] ?? 0;
      if (headHas < headBytes) continue;
      stream = streams[head[0] as keyof typeof streams];
      if (stream === undefined) throw new Error("the container engine sent something else than a container's output");
      left = head.readUInt32BE(4);
      headHas = 0;
    }
    return frames;
  };
}
