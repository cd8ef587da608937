import { expect, test } from "bun:test";
import { Alarm, createWheel } from "../../src/lib/wheel.ts";

function clocked() {
  let at = 0;
  const wheel = createWheel(() => at);
  const pass = (ms: number) => {
    at += ms;
    wheel.turn();
  };
  return { ...wheel, pass };
}

test("alarms of any length ring in time and once; a cancelled one never", () => {
  const [{ after, pass }, rung] = [clocked(), [] as string[]];
  after(100, () => rung.push("a"));
  after(30, () => rung.push("b"));
  const cancelled = after(100, () => rung.push("cancelled"));
  after(100, () => rung.push("c"));
  cancelled.cancel();
  cancelled.cancel();
  pass(29);
  expect(rung).toEqual([]);
  pass(1);
  expect(rung).toEqual(["b"]);
  pass(70);
  pass(500);
  expect(rung).toEqual(["b", "a", "c"]);
});

test("one that rings may set and cancel others", () => {
  const [{ after, pass }, rung] = [clocked(), [] as string[]];
  after(10, () => {
    rung.push("first");
    second.cancel();
    after(10, () => rung.push("third"));
  });
  const second = after(10, () => rung.push("second"));
  pass(10);
  pass(10);
  expect(rung).toEqual(["first", "third"]);
});

test("without a bound it never rings, and by itself it does", async () => {
  const [{ after }, rung] = [createWheel(), [] as string[]];
  after(Number.POSITIVE_INFINITY, () => rung.push("never"));
  await new Promise<void>((resolve) => void after(1, resolve));
  expect(rung).toEqual([]);
});

test("what is an alarm itself rings when it was set last, and may be set again once it has rung", () => {
  const [{ set, pass }, rung] = [clocked(), [] as number[]];
  class Own extends Alarm {
    ring(): void {
      rung.push(rung.length);
      if (rung.length === 1) set(this, 10);
    }
  }
  const own = new Own();
  own.cancel();
  set(own, 10);
  pass(5);
  set(own, 30);
  pass(29);
  expect(rung).toEqual([]);
  pass(1);
  expect(rung).toEqual([0]);
  pass(10);
  expect(rung).toEqual([0, 1]);
  set(own, 10);
  set(own, Number.POSITIVE_INFINITY);
  pass(100);
  expect(rung).toEqual([0, 1]);
});
