import { expect, test } from "bun:test";
import { type LogEvent, logRing } from "../../src/instances/log-ring.ts";
import { createServerLogs } from "../../src/instances/server-logs.ts";

const texts = (lines: { text: string }[]) => lines.map(({ text }) => text);

test("a ring keeps the last lines within its bounds, and tells followers", () => {
  const ring = logRing();
  const followed: LogEvent[] = [];
  const stop = ring.follow((line) => followed.push(line));
  for (let i = 0; i < 1_500; i++) ring.add(`line ${i}`);
  stop();
  ring.add("x".repeat(10_000));
  expect(ring.tail(2)[0]).toBe("line 1499");
  expect(ring.tail(1)[0]?.length).toBe(4_096);
  expect(ring.tail(9_999).length).toBe(1_000);
  expect(followed.length).toBe(1_500);
  expect(ring.since(ring.total() - 2, 10)).toHaveLength(2);
  expect(ring.since(ring.total(), 10)).toEqual([]);
  for (let i = 0; i < 100; i++) ring.add("y".repeat(4_096));
  expect(ring.tail(9_999).length).toBe(64);
});

test("each run has its own lines, also when the one before has not said its last word", () => {
  let now = 0;
  const ring = logRing({ now: () => now });
  const first = ring.begin();
  first.add("first");
  now = 1_000;
  const second = ring.begin();
  second.add("second");
  first.add("last words");
  expect([ring.runs(), first.total(), second.total(), ring.total()]).toEqual([2, 2, 1, 3]);
  expect(first.since(0, 10)).toEqual(["first", "last words"]);
  expect(second.since(0, 10)).toEqual(["second"]);
  expect(texts(ring.lines({ previous: true }))).toEqual(["first", "last words"]);
  expect(texts(ring.lines({ since: 1 }))).toEqual(["second", "last words"]);
  expect(texts(ring.lines({ tail: 1 }))).toEqual(["last words"]);
  expect(ring.lines({ tail: 0 })).toEqual([]);
});

test("what must not be kept is taken out before it is, and nothing steers a terminal", () => {
  const run = logRing().begin((text) => text.replaceAll("planted", "•••"));
  run.add("\u001b[2Jit is planted\u202e");
  expect(run.tail(1)).toEqual(["\ufffd[2Jit is •••\ufffd"]);
});

test("a place has one ring, whatever stands there; followers of a server hear all of them", () => {
  const logs = createServerLogs({ now: () => 7 });
  const heard: unknown[] = [];
  const stop = logs.follow("s", (instance, { run, text }) => heard.push([instance, run, text]));
  logs.ring("s", "files-10").begin().add("ten");
  logs.ring("s", "files-2").begin();
  logs.ring("t", "other-1").begin().add("unheard");
  expect(logs.ring("s", "files-2")).toBe(logs.ring("s", "files-2"));
  logs.ring("s", "files-2").begin().add("two");
  stop();
  logs.ring("s", "files-2").add("unheard");
  expect(heard).toEqual([
    ["files-10", 1, undefined],
    ["files-10", 1, "ten"],
    ["files-2", 1, undefined],
    ["files-2", 2, undefined],
    ["files-2", 2, "two"],
  ]);
  expect(logs.of("s").map(({ instance }) => instance)).toEqual(["files-2", "files-10"]);
  logs.prune(new Set(["t"]));
  expect([logs.of("s").length, logs.of("t").length]).toEqual([0, 1]);
});
