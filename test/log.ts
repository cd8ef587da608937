import { createLog } from "../src/lib/log.ts";

/** A log whose lines, JSON each, `hear` is given from this level on. */
export const logTo = (
  hear: (line: string) => void,
  now: () => number = () => 0,
  level: Parameters<typeof createLog>[1] = "debug",
) => createLog(hear, level, () => false, now);

export const silentLog = logTo(() => {}, undefined, "silent");
