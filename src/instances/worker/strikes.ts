import type { Clock } from "../../lib/clock.ts";
import type { Code } from "./protocol.ts";

const most = 3;
const withinMs = 60_000;

/** Counts what a version of a file did wrong; three times within a minute is too often. */
export function createStrikes(clock: Clock, onTooMany: (code: Code, why: string) => void) {
  const record = new Map<string, number[]>();
  return {
    against(code: Code, why: string): void {
      const now = clock.now();
      const times = [...(record.get(code.path) ?? []), now].filter((at) => now - at < withinMs);
      record.set(code.path, times);
      if (times.length < most) return;
      record.delete(code.path);
      onTooMany(code, why);
    },
    forget: (code: Code) => void record.delete(code.path),
  };
}
