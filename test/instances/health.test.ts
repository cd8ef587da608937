import { expect, test } from "bun:test";
import {
  dueAt,
  healthOf,
  healthOfAll,
  isLost,
  liveness,
  type Row,
  rhythmOf,
  rowIn,
  withProbe,
} from "../../src/instances/health.ts";

const after = (row: Row, ...failures: (string | undefined)[]): Row =>
  failures.reduce<Row>(
    (so, failure, i) => withProbe(so, { at: i * 15_000, ...(failure === undefined ? {} : { failure }) }),
    row,
  );
const levels = (row: Row, ...failures: (string | undefined)[]) =>
  failures.map((_, i) => healthOf([after(row, ...failures.slice(0, i + 1))])?.health);

test("a failure degrades, three in a row are unhealthy for as long as they go on, one good probe mends all", () => {
  expect(levels(rowIn(liveness), undefined, "a", "b", "c", "d", undefined, "e")).toEqual([
    "healthy",
    "degraded",
    "degraded",
    "unhealthy",
    "unhealthy",
    "healthy",
    "degraded",
  ]);
  expect(levels(rowIn(liveness), "a", "b", undefined, "c", "d")).not.toContain("unhealthy");
});

test("a threshold of one knows no degraded", () => {
  const row = rowIn(rhythmOf({ tool: "look", failureThreshold: 1 }));
  expect(levels(row, undefined, "a", undefined)).toEqual(["healthy", "unhealthy", "healthy"]);
});

test("the default of an explicit check is a minute, ten seconds, three", () => {
  expect(rhythmOf({ tool: "look" })).toEqual({ intervalMs: 60_000, timeoutMs: 10_000, threshold: 3 });
});

test("the worst row decides, with its own reason; the next look is the earliest of all", () => {
  const live = after(rowIn(liveness), undefined);
  const check = after(rowIn(rhythmOf({ tool: "look", failureThreshold: 2 })), "it said no");
  expect(healthOf([live, check])).toEqual({
    health: "degraded",
    probedAt: 0,
    nextProbeAt: 15_000,
    reason: "it said no",
  });
  expect(healthOf([live, after(check, "it said no", "still no")])?.health).toBe("unhealthy");
  expect(healthOf([after(live, "silent"), after(rowIn(rhythmOf({ tool: "look" })), undefined)])?.reason).toBe("silent");
});

test("before the first look nothing is known, and it is due at once", () => {
  expect(healthOf([rowIn(liveness)])).toBeUndefined();
  expect(dueAt(rowIn(liveness))).toBe(0);
  expect(isLost(rowIn(liveness))).toBe(false);
});

test("no more probes are kept than decide", () => {
  expect(after(rowIn(liveness), "a", "b", "c", "d", "e").probes).toHaveLength(3);
});

test("a server is as well as its copies are: all of one mind, or degraded for the reason of the worst", () => {
  const copy = (...failures: (string | undefined)[]) => healthOf([after(rowIn(liveness), ...failures)]) ?? never();
  const [well, bad] = [copy(undefined), copy("a", "b", "silent")];
  expect(healthOfAll([])).toBeUndefined();
  expect([healthOfAll([well, well])?.health, healthOfAll([bad, bad])?.health]).toEqual(["healthy", "unhealthy"]);
  expect(healthOfAll([well, bad, well])).toEqual({ ...bad, health: "degraded" });
});

const never = () => {
  throw new Error("nothing was looked at");
};
