import { FFIType, ptr } from "bun:ffi";
import { accessSync, constants, readFileSync, writeFileSync } from "node:fs";
import type { Confinement } from "./confine.ts";
import { libc } from "./libc.ts";

/** What the wrapper is told, as its first word. Secrets come in the environment, which is the server's and nobody else's. */
export type Entry = Confinement & {
  /** Our process id; the wrapper ends when it has another parent already. */
  parent: number;
  /** Whether the command is our own executable, to be Bun itself. */
  asBun: boolean;
  /** The number of the run's mark. */
  mark: string;
};

/**
 * Our second life: `mcpctl __child ENTRY COMMAND ARGS…` takes on the run's mark, its limits and its user, asks the kernel to end it when its parent
 * dies, and becomes the command. A parent that is killed leaves no server behind, which nothing in the parent could promise.
 * Exit 125: the parent is gone already; 126: not executable, or not as this user; 127: not found.
 */
export function runChild([entry = "{}", command = "", ...args]: readonly string[]): never {
  const { parent, asBun, mark, openFiles, dataBytes, processes, processors, account } = JSON.parse(entry) as Entry;
  const c = libc(functions);
  if (c !== undefined) {
    limit(c, markLimit, BigInt(mark));
    if (openFiles !== undefined && !limit(c, openFilesLimit, BigInt(openFiles))) warn("openFiles could not be set");
    if (dataBytes !== undefined && !limit(c, dataLimit, BigInt(dataBytes))) warn("dataBytes could not be set");
    if (processors !== undefined && !pin(processors)) warn("cpus could not be set");
    preferredVictim();
    if (account !== undefined && !become(account)) fail(126, `it could not become the user ${account.name}`);
    // After the change of user, since the threads of this very process would count, and the kernel refuse to go on.
    if (processes !== undefined && !limit(c, processesLimit, BigInt(processes))) warn("processes could not be set");
    // After it too, because it takes this wish back.
    c.prctl(deathSignal, BigInt(kill), 0n, 0n, 0n);
  }
  if (process.ppid !== parent) process.exit(125);
  if (account !== undefined) mayEnterCwd(account.name);
  const path = command.includes("/") ? command : Bun.which(command, { PATH: process.env["PATH"] ?? "" });
  if (path === null) fail(127, `${command}: there is no such program in PATH`);
  // Said as a word, because with the variable set already this very process would have been Bun and not us.
  const env = asBun ? { ...process.env, BUN_BE_BUN: "1" } : process.env;
  try {
    accessSync(path, constants.X_OK);
    process.execve?.(path, [command, ...args], env as Record<string, string>);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    fail(missing ? 127 : 126, `${command}: ${missing ? "there is no such file" : "it is not executable"}`);
  }
  fail(126, `${command}: it cannot be started on this system`);
}

function warn(message: string): void {
  process.stderr.write(`mcpctl: ${message}\n`);
}

function fail(code: number, message: string): never {
  warn(message);
  process.exit(code);
}

const { i32, u32, u64, ptr: pointer } = FFIType;
/** Binding a function costs half a millisecond of each start: these are for all, the others for who needs them. */
const functions = {
  prctl: { args: [i32, u64, u64, u64, u64], returns: i32 },
  setrlimit: { args: [i32, pointer], returns: i32 },
} as const;
type Libc = NonNullable<ReturnType<typeof libc<typeof functions>>>;

const deathSignal = 1;
const kill = 9;
const dataLimit = 2;
const processesLimit = 6;
const openFilesLimit = 7;
/** RLIMIT_RTTIME, which means nothing to a process that is not a real-time one (mark.ts). */
const markLimit = 15;

/** Soft and hard: what is asked for is not the server's to raise. */
const limit = (c: Libc, which: number, most: bigint): boolean =>
  c.setrlimit(which, ptr(new BigUint64Array([most, most]))) === 0;

function pin(processors: readonly number[]): boolean {
  const mask = new Uint8Array(128);
  for (const each of processors) mask[each >> 3] = (mask[each >> 3] ?? 0) | (1 << (each & 7));
  const c = libc({ sched_setaffinity: { args: [i32, u64, pointer], returns: i32 } });
  return c?.sched_setaffinity(0, BigInt(mask.length), ptr(mask)) === 0;
}

const likelier = 300;

/** When the machine has no memory left, a server goes before the gateway and all its other servers do. */
function preferredVictim(): void {
  try {
    const file = "/proc/self/oom_score_adj";
    if (Number(readFileSync(file, "utf8")) < likelier) writeFileSync(file, String(likelier));
  } catch {
    // There is no such file; then the kernel has no say here.
  }
}

/** Groups first: whoever is no longer root may not change them. */
function become({ uid, gid, groups }: NonNullable<Entry["account"]>): boolean {
  const c = libc({
    setgroups: { args: [u64, pointer], returns: i32 },
    setgid: { args: [u32], returns: i32 },
    setuid: { args: [u32], returns: i32 },
  });
  const list = new Uint32Array(groups.length === 0 ? [gid] : groups);
  return c?.setgroups(BigInt(list.length), ptr(list)) === 0 && c.setgid(gid) === 0 && c.setuid(uid) === 0;
}

function mayEnterCwd(user: string): void {
  try {
    accessSync(process.cwd(), constants.X_OK);
  } catch {
    fail(126, `the user ${user} may not enter its cwd ${process.cwd()}`);
  }
}
