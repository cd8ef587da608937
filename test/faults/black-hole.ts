// A port whose connections are never made, as behind a firewall that drops: its queue is full, and nobody takes from it.
import { dlopen, FFIType } from "bun:ffi";
import { connect, type Socket } from "node:net";

const { i32, ptr, u32 } = FFIType;
const libc = () =>
  dlopen("libc.so.6", {
    socket: { args: [i32, i32, i32], returns: i32 },
    setsockopt: { args: [i32, i32, i32, ptr, u32], returns: i32 },
    bind: { args: [i32, ptr, u32], returns: i32 },
    listen: { args: [i32, i32], returns: i32 },
    close: { args: [i32], returns: i32 },
  }).symbols;

const [inet, stream, socketLevel, reuseAddress] = [2, 1, 1, 2];

/** Answers how to end it, once or more. @throws when the port is in use */
export function openBlackHole(port: number): () => void {
  const c = libc();
  const fd = c.socket(inet, stream, 0);
  c.setsockopt(fd, socketLevel, reuseAddress, new Int32Array([1]), 4);
  const address = new DataView(new ArrayBuffer(16));
  address.setUint16(0, inet, true);
  address.setUint16(2, port, false);
  address.setUint32(4, 0x7f000001, false);
  if (c.bind(fd, new Uint8Array(address.buffer), 16) !== 0 || c.listen(fd, 0) !== 0)
    throw new Error(`port ${port} cannot be bound`);
  const fillers: Socket[] = [0, 1].map(() => connect({ host: "127.0.0.1", port }).on("error", () => {}));
  let isOpen = true;
  return () => {
    // Closed twice, the number would be somebody else's.
    if (!isOpen) return;
    isOpen = false;
    for (const socket of fillers) socket.destroy();
    c.close(fd);
  };
}
