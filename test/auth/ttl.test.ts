import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { expiryOf, lifeOf, type TokenPolicy } from "../../src/auth/ttl.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const day = 86_400_000;
const open: TokenPolicy = { defaultTtl: 90 * day, maxTtl: null };
const strict: TokenPolicy = { defaultTtl: 90 * day, maxTtl: 30 * day };

test("durations, never, instants, and the default when nothing is said", () => {
  expect(expiryOf("30d", now, open)).toBe(now + 30 * day);
  expect(expiryOf("12h", now, open)).toBe(now + day / 2);
  expect(expiryOf("45m", now, open)).toBe(now + 45 * 60_000);
  expect(expiryOf("never", now, open)).toBeNull();
  expect(expiryOf("2026-02-01T00:00:00Z", now, open)).toBe(Date.parse("2026-02-01T00:00:00Z"));
  expect(expiryOf("2026-02-01T00:00:00.5+01:00", now, open)).toBe(Date.parse("2026-01-31T23:00:00.500Z"));
  expect(expiryOf("2028-02-29", now, open)).toBe(Date.parse("2028-02-29T00:00:00Z"));
  expect(expiryOf(undefined, now, open)).toBe(now + 90 * day);
  expect(expiryOf(undefined, now, { defaultTtl: null, maxTtl: null })).toBeNull();
});

test.each([
  ...["", "30", "30 d", " 30d", "30D", "-1d", "1.5d", "1y", "soon", "Never", "9999999d", "٣d"],
  ...["2026-99-99", "2026-02-30", "2027-02-29T00:00:00Z", "2026-02-01T25:00:00Z", "2026-02-01T00:00:00"],
])("%p is neither duration nor instant", (ttl) => {
  expect(() => expiryOf(ttl, now, open)).toThrow(
    /^the ttl is not a duration or an instant: write 30d, 12h, never, or an/,
  );
  expect(() => expiryOf(ttl, now, strict)).toThrow(
    /: write 30d, 12h, or an .*; tokens of this server live at most 30d$/,
  );
});

describe("what the policy does not allow is told with what it allows", () => {
  const atMost = "tokens of this server live at most 30d";
  test.each([
    ["never", strict, `the ttl is never, but ${atMost}`],
    ["31d", strict, `the ttl is too long: ${atMost}`],
    ["2026-01-31T00:00:01Z", strict, `the ttl is too long: ${atMost}`],
    ["0d", strict, `the ttl is nothing at all: ${atMost}`],
    ["0m", open, "the ttl is nothing at all: write 30d, 12h, never, or an instant such as 2027-01-31T00:00:00Z"],
    ["2025-12-31T23:59:59Z", strict, `the ttl lies in the past: ${atMost}`],
    ["2026-01-01", open, "the ttl lies in the past: write 30d, 12h, never, or an instant such as 2027-01-31T00:00:00Z"],
    ["99999d", open, "the ttl is more than ten years: write never if that is meant"],
    ["1h", { defaultTtl: null, maxTtl: 45 * 60_000 }, "the ttl is too long: tokens of this server live at most 45m"],
    ["2d", { defaultTtl: null, maxTtl: 36 * 3_600_000 }, "the ttl is too long: tokens of this server live at most 36h"],
  ] as [string, TokenPolicy, string][])("%p", (ttl, policy, message) => {
    expect(() => expiryOf(ttl, now, policy)).toThrow(message);
  });

  test("the bound itself is allowed, and the default is cut to it", () => {
    for (const ttl of ["30d", "2026-01-31T00:00:00Z", undefined])
      expect(expiryOf(ttl, now, strict)).toBe(now + 30 * day);
    expect(expiryOf(undefined, now, { defaultTtl: null, maxTtl: day })).toBe(now + day);
  });
});

test("no text whatever gives a token that is over at once or lives beyond the maximum", () => {
  const policies = fc.record({ defaultTtl: lives(), maxTtl: lives() });
  const duration = fc.tuple(fc.nat(9_999), fc.constantFrom("m", "h", "d")).map((parts) => parts.join(""));
  const instant = fc.date({ noInvalidDate: true, min: new Date(now - 400 * day), max: new Date(now + 4000 * day) });
  const texts = fc.oneof(
    duration,
    instant.map((date) => date.toISOString()),
    fc.constant("never"),
    fc.string(),
  );
  let minted = 0;
  fc.assert(
    fc.property(fc.option(texts, { nil: undefined }), policies, (ttl, policy) => {
      let expiry: number | null;
      try {
        expiry = expiryOf(ttl, now, policy);
      } catch (error) {
        expect([ttl === undefined, (error as Error).message]).toEqual([false, expect.stringMatching(/^the ttl /)]);
        return;
      }
      minted++;
      if (expiry === null) expect(policy.maxTtl).toBeNull();
      else expect(expiry > now && expiry <= now + (policy.maxTtl ?? 3660 * day)).toBe(true);
    }),
    { numRuns: 3000 },
  );
  expect(minted).toBeGreaterThan(300);
});

const lives = () => fc.option(fc.integer({ min: 1, max: 400 }).map((days) => days * day));

test("a policy is a time or never", () => {
  expect(["90d", "1m", "3660d", "never"].map(lifeOf)).toEqual([90 * day, 60_000, 3660 * day, null]);
  expect(["", "0d", "3661d", "forever", "2027-01-31", "90"].map(lifeOf)).toEqual(Array(6).fill(undefined));
});
