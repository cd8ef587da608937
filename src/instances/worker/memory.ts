import { readFileSync } from "node:fs";

const everyMs = 250;

/** Looks four times a second at what memory of its own a process has; `onOver` hears once when it is more. Until the answer is called; Linux only. */
export function watchMemory(pid: number, mostMiB: number, onOver: (usedMiB: number) => void): () => void {
  const timer = setInterval(() => {
    const used = ownMiB(pid);
    if (used === undefined || used <= mostMiB) return;
    clearInterval(timer);
    onOver(used);
  }, everyMs).unref();
  return () => clearInterval(timer);
}

/** Without what it shares with every other process of this executable. */
function ownMiB(pid: number): number | undefined {
  try {
    const kib = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kib === undefined ? undefined : Math.round(Number(kib) / 1024);
  } catch {
    return undefined;
  }
}
