import { dlopen, type FFIFunction } from "bun:ffi";

/** Functions of the C library, whichever this machine has: glibc or musl. Undefined where there is neither, and on systems that are not Linux. */
export function libc<Fns extends Record<string, FFIFunction>>(functions: Fns) {
  if (process.platform !== "linux") return undefined;
  const names = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];
  for (const name of names) {
    try {
      return dlopen(name, functions).symbols;
    } catch {
      // The other one, then.
    }
  }
  return undefined;
}
