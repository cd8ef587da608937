import { expect, test } from "bun:test";
import { logWriter, merged } from "../../src/server/log-text.ts";

const line = (at: number, text: string, run = 1) => ({ at, run, text });
const copies = [
  { instance: "files-1", lines: [line(1, "a"), line(3, "c"), line(5, "again", 2)] },
  { instance: "files-2", lines: [line(2, "b"), line(4, "d")] },
];

function shown(tail: number, timestamps = false, prefix = true): string[] {
  const write = logWriter({ timestamps, prefix: () => prefix });
  return merged(copies, tail).flatMap(({ instance, line }) => write(instance, line));
}

test("lines of all copies come in the order of time, with whose they are, and say where another run begins", () => {
  expect(shown(10)).toEqual([
    "files-1 | a",
    "files-2 | b",
    "files-1 | c",
    "files-2 | d",
    "--- files-1 started again ---",
    "files-1 | again",
  ]);
  expect(shown(2)).toEqual(["files-2 | d", "files-1 | again"]);
  expect(shown(0)).toEqual([]);
  expect(shown(1, true, false)).toEqual(["1970-01-01T00:00:00.005Z again"]);
});

test("a follower is told at once that a run begins, and once", () => {
  const write = logWriter({ timestamps: false, prefix: () => false });
  const told = [
    { at: 1, run: 1 },
    line(2, "a"),
    { at: 3, run: 2 },
    line(3, "last words of the first"),
    line(4, "b", 2),
  ].flatMap((event) => write("files-1", event));
  expect(told).toEqual([
    "--- files-1 started ---",
    "a",
    "--- files-1 started again ---",
    "last words of the first",
    "b",
  ]);
});
