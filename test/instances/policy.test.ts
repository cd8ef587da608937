import { expect, test } from "bun:test";
import { reconcile } from "../../src/instances/reconcile.ts";
import { relevantExits, restartDelay } from "../../src/instances/restart-policy.ts";
import { lineCutter } from "../../src/lib/lines.ts";

const minute = 60_000;

test("pauses double from one second, five ends within five minutes make it a minute, and it never gives up", () => {
  const now = 10 * minute;
  const after = (count: number) =>
    restartDelay(
      Array.from({ length: count }, () => now - 1),
      now,
      0.5,
    );
  expect([1, 2, 3, 4, 5, 50].map(after)).toEqual([1_000, 2_000, 4_000, 8_000, minute, minute]);
  expect([restartDelay([now], now, 0), restartDelay([now], now, 0.999)]).toEqual([800, 1_200]);
  expect(restartDelay([1, 2, 3, 4, 5], now, 0.5)).toBe(1_000);
});

test("a minute of steady running forgets what was before", () => {
  expect(relevantExits({ exits: [1, 2, 3], startedAt: 0 }, minute)).toEqual([minute]);
  expect(relevantExits({ exits: [1, 2, 3, 4, 5, 6], startedAt: 100 }, 200)).toEqual([3, 4, 5, 6, 200]);
});

test("desired against running", () => {
  const wanted = (place: string, fingerprint = "1") => ({ place, fingerprint });
  expect(reconcile([wanted("a"), wanted("b", "2"), wanted("c")], [wanted("b"), wanted("c"), wanted("d")])).toEqual({
    start: ["a"],
    stop: ["d"],
    replace: ["b"],
  });
});

test("bytes are cut into lines wherever they were cut before", () => {
  const text = "one\r\ntwo ünïcode\n\nlast\n";
  const bytes = new TextEncoder().encode(text);
  for (let size = 1; size < 8; size++) {
    const lines: string[] = [];
    const cut = lineCutter(
      1_000,
      (line) => lines.push(line),
      () => {},
    );
    for (let at = 0; at < bytes.length; at += size) cut(bytes.slice(at, at + size));
    expect(lines).toEqual(["one", "two ünïcode", "", "last"]);
  }
});

test("a line over the bound is told once and skipped, the next one is whole", () => {
  const lines: string[] = [];
  let tooLong = 0;
  const cut = lineCutter(
    10,
    (line) => lines.push(line),
    () => void tooLong++,
  );
  cut(new TextEncoder().encode(`${"x".repeat(50)}\nshort\n`));
  expect([lines, tooLong]).toEqual([["short"], 1]);
});
