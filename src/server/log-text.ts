import type { LogEvent, LogLine } from "../instances/log-ring.ts";

/** Lines of one copy of a server. */
export type Copy = { instance: string; lines: readonly LogLine[] };
export type Looks = { timestamps: boolean; prefix: () => boolean };

/** Lines of all copies in the order in which they came, the last `tail` of them. */
export function merged(copies: readonly Copy[], tail: number): { instance: string; line: LogLine }[] {
  const all = copies.flatMap(({ instance, lines }) => lines.map((line) => ({ instance, line })));
  // Sorting is stable: lines of one copy that came in the same millisecond stay as they came.
  all.sort((a, b) => a.line.at - b.line.at);
  return tail === 0 ? [] : all.slice(-tail);
}

/** Writes what comes, one event after the other: a line, with a mark before it where its run is another than that of the line before. */
export function logWriter({ timestamps, prefix }: Looks): (instance: string, event: LogEvent) => string[] {
  const runs = new Map<string, number>();
  return (instance, { at, run, text }) => {
    const before = runs.get(instance);
    // The last words of a process that is ending may come after the first ones of the next.
    runs.set(instance, Math.max(run, before ?? 0));
    const begins = before === undefined ? text === undefined : run > before;
    const marks = begins ? [`--- ${instance} started${run > 1 ? " again" : ""} ---`] : [];
    if (text === undefined) return marks;
    const time = timestamps ? `${new Date(at).toISOString()} ` : "";
    return [...marks, `${prefix() ? `${instance} | ` : ""}${time}${text}`];
  };
}
