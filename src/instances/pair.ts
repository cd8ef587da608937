import { FFIType, ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { libc } from "./libc.ts";

const { i32, ptr: pointer } = FFIType;
const functions = { socketpair: { args: [i32, i32, i32, pointer], returns: i32 } } as const;
let c: ReturnType<typeof libc<typeof functions>>;

/** AF_UNIX, and SOCK_STREAM with SOCK_CLOEXEC: none of our other children shall hold it open. */
const unix = 1;
const stream = 1 | 0o2000000;

/** Two sockets that are each other's other end. */
export type Pair = {
  ours: number;
  /** To be a descriptor of the child's. */
  childEnd: number;
  /** The child has its end, or there is none. */
  spawned: (isThere: boolean) => void;
};

/** Undefined where there are none to be had. */
export function openPair(): Pair | undefined {
  const ends = new Int32Array(2);
  c ??= libc(functions);
  if (c?.socketpair(unix, stream, 0, ptr(ends)) !== 0) return undefined;
  const [ours = -1, childEnd = -1] = ends;
  return {
    ours,
    childEnd,
    spawned(isThere) {
      closeSync(childEnd);
      if (!isThere) closeSync(ours);
    },
  };
}
