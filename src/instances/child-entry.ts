import { dlopen, FFIType } from "bun:ffi";
import { accessSync, constants } from "node:fs";
import { arch } from "node:process";

/**
 * Our second life: `mcpctl __child PARENT bun|plain COMMAND ARGS…` asks the kernel to end it when its parent dies, and becomes the command. A parent that
 * is killed leaves no server behind, which nothing in the parent could promise.
 * Exit 125: the parent is gone already; 126: not executable; 127: not found.
 */
export function runChild([parent, life, command = "", ...args]: readonly string[]): never {
  dieWithParent();
  if (process.ppid !== Number(parent)) process.exit(125);
  const path = command.includes("/") ? command : Bun.which(command, { PATH: process.env["PATH"] ?? "" });
  if (path === null) fail(127, `${command}: there is no such program in PATH`);
  // Said as a word, because with the variable set already this very process would have been Bun and not us.
  const env = life === "bun" ? { ...process.env, BUN_BE_BUN: "1" } : process.env;
  try {
    accessSync(path, constants.X_OK);
    process.execve?.(path, [command, ...args], env as Record<string, string>);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    fail(missing ? 127 : 126, `${command}: ${missing ? "there is no such file" : "it is not executable"}`);
  }
  fail(126, `${command}: it cannot be started on this system`);
}

function fail(code: number, message: string): never {
  process.stderr.write(`mcpctl: ${message}\n`);
  process.exit(code);
}

const deathSignal = 1;
const kill = 9;

/** prctl(PR_SET_PDEATHSIG, SIGKILL). Linux only; elsewhere the sweep at the next start does what it can. */
function dieWithParent(): void {
  if (process.platform !== "linux") return;
  const names = ["libc.so.6", `libc.musl-${arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];
  for (const name of names) {
    try {
      const { symbols } = dlopen(name, {
        prctl: { args: [FFIType.i32, FFIType.u64, FFIType.u64, FFIType.u64, FFIType.u64], returns: FFIType.i32 },
      });
      symbols.prctl(deathSignal, BigInt(kill), 0n, 0n, 0n);
      return;
    } catch {
      // The other C library, then.
    }
  }
}
