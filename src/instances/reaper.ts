import { FFIType, ptr } from "bun:ffi";
import { libc } from "./libc.ts";
import { processes, processOf } from "./proc.ts";

const { i32, u64, ptr: pointer } = FFIType;
const functions = {
  prctl: { args: [i32, u64, u64, u64, u64], returns: i32 },
  waitid: { args: [i32, i32, pointer, i32], returns: i32 },
  waitpid: { args: [i32, pointer, i32], returns: i32 },
} as const;
const becomeSubreaper = 36;
const anyChild = 0;
const noHang = 1;
const exited = 4;
const leaveIt = 0x0100_0000;

const calmMs = 1_000;
const busyMs = 200;
/** How often a dead child is seen before it is taken for an orphan. Bun takes its own in the turn of the event loop after they ended. */
const sights = 3;

/**
 * Buries orphans: what a server started and left behind, once it has ended. As process 1 of a container we are their parent, like it or not, and Bun
 * buries only what it started itself (reference/reliability.md §0, 5). We make ourselves their parent everywhere: whoever would be it otherwise may not
 * do it (npm and shells as process 1 do not), and what has escaped stays in sight below us until it is ended. Linux only. Answers how to stop it.
 */
export function startReaper(): () => void {
  const c = libc(functions);
  if (c === undefined) return () => {};
  c.prctl(becomeSubreaper, 1n, 0n, 0n, 0n);
  const info = new Int32Array(32);
  let seen = new Map<string, number>();
  let isStopped = false;
  let timer = setTimeout(look, calmMs).unref();

  async function look(): Promise<void> {
    seen = isAnyDead() ? await bury() : new Map();
    if (!isStopped) timer = setTimeout(look, seen.size > 0 ? busyMs : calmMs).unref();
  }

  /** One system call; only then is it worth looking who. The first word of the answer is not 0. */
  function isAnyDead(): boolean {
    info.fill(0);
    return c?.waitid(anyChild, 0, ptr(info), exited | noHang | leaveIt) === 0 && info[0] !== 0;
  }

  async function bury(): Promise<Map<string, number>> {
    const dead = (await processes()).filter(({ parent, isZombie }) => isZombie && parent === process.pid);
    const still = new Map<string, number>();
    for (const { pid, startTicks } of dead) {
      const key = `${pid}/${startTicks}`;
      const times = (seen.get(key) ?? 0) + 1;
      if (times < sights) still.set(key, times);
      // Bun may have taken it meanwhile, and the number be somebody else's.
      else if (processOf(pid)?.startTicks === startTicks) c?.waitpid(pid, ptr(info), noHang);
    }
    return still;
  }

  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
