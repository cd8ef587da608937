import { expect, test } from "bun:test";
import { type Moment, viewOf } from "../../src/instances/view.ts";

const identity = { id: "i", serverId: "s", name: "files-1", server: "files", createdAt: "2026-01-01T00:00:00.000Z" };

function shown(moment: Partial<Moment>) {
  return viewOf(identity, {
    state: "STARTING",
    changedAt: identity.createdAt,
    isAsleep: false,
    isFetching: false,
    run: undefined,
    last: {},
    restarts: 0,
    nextTryAt: undefined,
    resolved: undefined,
    lastLines: () => ["its last words"],
    ...moment,
  });
}

test("one that runs shows its process, and not what it wrote", () => {
  const view = shown({ state: "RUNNING", run: { pid: 7, startedAt: 0 }, resolved: "1.2.3" });
  expect(view).toMatchObject({ pid: 7, startedAt: "1970-01-01T00:00:00.000Z", resolved: "1.2.3" });
  for (const field of ["stderr", "reason", "sleeps", "nextTryAt", "container"]) expect(view).not.toHaveProperty(field);
});

test("a process that has ended is not shown, but how it ended, what it wrote, and when it is tried again", () => {
  const last = { reason: "exited with code 3", exit: { code: 3, signal: null, stderr: [] } };
  const view = shown({ state: "ERROR", run: { pid: 7, startedAt: 0 }, last, nextTryAt: 1_000 });
  expect(view).toMatchObject({ reason: last.reason, exitCode: 3, nextTryAt: "1970-01-01T00:00:01.000Z" });
  expect(view.stderr).toEqual(["its last words"]);
  for (const field of ["pid", "startedAt", "signal"]) expect(view).not.toHaveProperty(field);
});

test("what it waits for is said where nothing else is: somebody who needs it, or its package", () => {
  expect(shown({ state: "STOPPED", isAsleep: true })).toMatchObject({
    sleeps: true,
    reason: expect.stringMatching(/until it is needed/),
  });
  expect(shown({ isFetching: true }).reason).toMatch(/fetched/);
  expect(shown({ isFetching: true, run: { startedAt: 0 } })).not.toHaveProperty("reason");
  expect(shown({ isFetching: true, last: { reason: "it ended" } }).reason).toBe("it ended");
});

test("one that failed and that nobody needs sleeps once its pause is over, and is not said to be tried again", () => {
  const failed = { state: "ERROR", isAsleep: true, last: { reason: "it ended" } } as const;
  expect(shown({ ...failed, nextTryAt: 1_000 })).not.toHaveProperty("sleeps");
  expect(shown({ ...failed, nextTryAt: 1_000 })).not.toHaveProperty("nextTryAt");
  expect(shown(failed)).toMatchObject({ sleeps: true, reason: "it ended" });
});
