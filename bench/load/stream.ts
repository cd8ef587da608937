/** A connection on which something is opened and left open: what comes on it is dropped. */
export type Stream = { isOpen: () => boolean; close: () => void };

/** @throws when it is not answered with 200 */
export async function openStream(port: number, request: Uint8Array): Promise<Stream> {
  const head = Promise.withResolvers<string>();
  let isOpen = true;
  const ended = () => {
    isOpen = false;
    head.reject(new Error("the connection was closed"));
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: { data: (_, chunk) => head.resolve(chunk.toString("latin1")), close: ended, error: ended },
  });
  socket.write(request);
  const answer = await head.promise;
  if (!answer.startsWith("HTTP/1.1 200")) throw new Error(`no stream: ${answer.slice(0, 300)}`);
  return { isOpen: () => isOpen, close: () => void socket.end() };
}
