import { expect, test } from "bun:test";
import { Ending } from "../../src/lib/ending.ts";

test("it ends once, and tells each listener why", () => {
  const [ending, heard] = [new Ending(), [] as unknown[]];
  ending.onEnd((reason) => heard.push(reason));
  const stop = ending.onEnd(() => heard.push("never"));
  stop();
  ending.end("first");
  ending.end("second");
  ending.onEnd((reason) => heard.push(`late ${reason}`));
  expect(heard).toEqual(["first", "late first"]);
  expect(() => ending.throwIfEnded()).toThrow("first");
});

test("a signal made before or after its end has its reason", () => {
  const [before, after] = [new Ending(), new Ending()];
  const { signal } = before;
  expect(signal.aborted).toBe(false);
  before.end("why");
  after.end("why");
  expect([signal.reason, after.signal.reason]).toEqual(["why", "why"]);
});

test("one made of a signal ends with it", () => {
  const controller = new AbortController();
  const ending = Ending.of(controller.signal);
  controller.abort("why");
  expect(ending.reason).toBe("why");
  expect(Ending.of(controller.signal).hasEnded).toBe(true);
});

test("listeners are told in order, and those that stopped are not", () => {
  const [ending, heard] = [new Ending(), [] as unknown[]];
  const listeners = ["a", "b", "c", "d"].map((name) => ({ ended: (why: unknown) => heard.push(`${name} ${why}`) }));
  const [a, b, c, d] = listeners as [Told, Told, Told, Told];
  for (const each of [a, b, c]) ending.add(each);
  ending.remove(a);
  ending.add(d);
  ending.remove(c);
  ending.remove(c);
  ending.end("x");
  ending.add(a);
  expect(heard).toEqual(["b x", "d x", "a x"]);
});

type Told = { ended: (why: unknown) => number };
