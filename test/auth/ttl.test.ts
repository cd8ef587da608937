import { expect, test } from "bun:test";
import { expiryOf } from "../../src/auth/ttl.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const day = 86_400_000;

test("durations, never, instants, and 90 days when nothing is said", () => {
  expect(expiryOf("30d", now)).toBe(now + 30 * day);
  expect(expiryOf("12h", now)).toBe(now + day / 2);
  expect(expiryOf("45m", now)).toBe(now + 45 * 60_000);
  expect(expiryOf("never", now)).toBeNull();
  expect(expiryOf("2026-02-01T00:00:00Z", now)).toBe(Date.parse("2026-02-01T00:00:00Z"));
  expect(expiryOf(undefined, now)).toBe(now + 90 * day);
});

test.each(["", "0d", "30", "30 d", "-1d", "1y", "soon", "2020-01-01T00:00:00Z", "2026-99-99", "99999d"])(
  "%p is refused",
  (ttl) => {
    expect(() => expiryOf(ttl, now)).toThrow(/^the ttl /);
  },
);
