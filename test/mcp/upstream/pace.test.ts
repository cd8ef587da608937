import { expect, test } from "bun:test";
import { createCounters } from "../../../src/lib/counters.ts";
import { createPace } from "../../../src/mcp/upstream/pace.ts";

function paced(perSecond: number) {
  let ms = 0;
  const counters = createCounters();
  const pace = createPace(perSecond, counters.of("x"), () => ms);
  return {
    ...pace,
    counters,
    pass: (by: number) => {
      ms += by;
    },
    room(bytes = 0): number {
      let passed = 0;
      while (pace.may(bytes)) passed++;
      return passed;
    },
  };
}

test("so many pass each second, big ones count as several, and a second of silence saves nothing up", () => {
  const { room, pass, counters } = paced(10);
  expect([room(), room()]).toEqual([10, 0]);
  pass(5_000);
  expect(room(4 * 16 * 1024)).toBe(2);
  pass(999);
  expect(room()).toBe(0);
  pass(1);
  expect(room()).toBe(10);
  expect(counters.total("notifications_dropped")).toBe(5);
});

test("one that is bigger than a second's worth passes, and is paid for afterwards", () => {
  const { room, pass } = paced(10);
  expect(room(1024 * 1024)).toBe(1);
  for (let second = 0; second < 6; second++) {
    expect(room()).toBe(0);
    pass(1_000);
  }
  expect(room()).toBe(5);
});

test("news that are too many are told later, each once and as they were said last", async () => {
  const counters = createCounters();
  const pace = createPace(3, counters.of("x"));
  const told: string[] = [];
  const tell = (what: string) => () => void told.push(what);
  while (pace.may(0)) void 0;
  for (let n = 0; n < 500; n++) for (const key of ["tools", "a", "b", "c"]) pace.orLater(key, 2, tell(`${key} ${n}`));
  expect(told).toEqual([]);
  while (told.length < 4) await Bun.sleep(20);
  expect(told.toSorted()).toEqual(["a 499", "b 499", "c 499", "tools 499"]);
  expect(counters.total("notifications_delayed")).toBe(2_000);
  pace.end();
}, 10_000);

test("what waits to be told is bounded", () => {
  const { orLater, room, counters, end } = paced(1);
  room();
  for (let n = 0; n < 300; n++) orLater(`resource ${n}`, 10_000, () => {});
  expect(counters.total("notifications_delayed")).toBeLessThanOrEqual(105);
  expect(counters.total("notifications_dropped")).toBeGreaterThanOrEqual(195);
  end();
});
