import { expect, test } from "bun:test";
import { Problem } from "../../src/lib/problem.ts";
import type { Rooms } from "../../src/server/rooms.ts";
import type { Call } from "../../src/server/route.ts";
import { instanceRoutes } from "../../src/server/routes/instances.ts";
import { createWatch } from "../../src/server/watch.ts";
import type { Database } from "../../src/storage/op.ts";

const clock = { now: () => 0 };

test("what was let go of while it was asked about is told of no refusal", async () => {
  const asked = Promise.withResolvers<never>();
  const read = () => asked.promise;
  const watch = createWatch({ read } as unknown as Database, [Buffer.alloc(32)], clock);
  let refusals = 0;
  const release = watch.keep(
    "bearer",
    function* () {},
    () => void refusals++,
  );
  await Bun.sleep(300);
  release();
  asked.reject(new Problem("unauthenticated", "revoked"));
  await Bun.sleep(5);
  expect([refusals, watch.size()]).toEqual([0, 0]);
});

test("a log that cannot be watched any more is not followed either", async () => {
  let followers = 0;
  const rooms = {
    clock: { now: () => 0 },
    db: { read: async () => ({ id: "one", name: "files-1", server: "files" }) },
    supervisor: {
      list: () => [{ id: "one", serverId: "two" }],
      logs: { of: () => [], follow: () => void followers++ },
    },
    watch: {
      keep: () => {
        throw new Problem("unavailable", "too many");
      },
    },
    withStatus: (_: unknown, item: unknown) => item,
    stopSignal: new AbortController().signal,
  } as unknown as Rooms;
  const query = new URLSearchParams("follow=true");
  const call = { query, params: { ref: "one" }, keepOpen: () => {} } as unknown as Call;
  const answered = (async () => instanceRoutes[0]?.handle(call, rooms))();
  expect(await answered.catch(String)).toBe("Problem: too many");
  expect(followers).toBe(0);
});

const busy = new Problem("unavailable", "The database is busy");

/** A watch over a database that answers as it is told: with nothing, which lets everything stay open, or with a problem. */
function watching() {
  let answer: Problem | undefined;
  const db = {
    read: async () => {
      if (answer !== undefined) throw answer;
      return undefined as never;
    },
  };
  const watch = createWatch(db, [Buffer.alloc(32)], { now: () => 0 }, 1);
  const answerWith = (problem: Problem | undefined) => {
    answer = problem;
  };
  return { watch, answerWith };
}

test("a moment without an answer ends nothing, a long time without one ends what is open, and that once", async () => {
  const { watch, answerWith } = watching();
  const refused: string[] = [];
  const release = watch.keep(
    "x",
    function* () {},
    (why) => void refused.push(why.code),
  );
  answerWith(busy);
  await Bun.sleep(8);
  answerWith(undefined);
  await Bun.sleep(20);
  expect([refused, watch.size()]).toEqual([[], 1]);
  answerWith(busy);
  for (const end = performance.now() + 2_000; refused.length === 0 && performance.now() < end; ) await Bun.sleep(5);
  await Bun.sleep(10);
  expect([refused, watch.size()]).toEqual([["unavailable"], 0]);
  release();
});

test("a refusal ends it at once", async () => {
  const { watch, answerWith } = watching();
  const refused: string[] = [];
  watch.keep(
    "x",
    function* () {},
    (why) => void refused.push(why.code),
  );
  answerWith(new Problem("unauthenticated", "revoked"));
  for (const end = performance.now() + 2_000; refused.length === 0 && performance.now() < end; ) await Bun.sleep(2);
  expect([refused, watch.size()]).toEqual([["unauthenticated"], 0]);
});

test("there is a bound to what may be open, and room again once something has ended", () => {
  const { watch } = watching();
  const open = (bearer = watch.size() % 2 === 0 ? "x" : "y", place: string | undefined = "p") =>
    watch.keep(
      bearer,
      function* () {},
      () => {},
      place,
    );
  const first = open();
  while (watch.size() < 20_000) open();
  expect(() => open("z")).toThrow("Too many calls and streams are open at once");
  first();
  expect(() => open("z")).not.toThrow();
  watch.close();
});

test("a thousand streams of one bearer at one place are one question, and one refusal ends them all", async () => {
  let asked = 0;
  let answer: Problem | undefined;
  const read = async () => {
    asked++;
    if (answer !== undefined) throw answer;
    return undefined as never;
  };
  const watch = createWatch({ read } as unknown as Database, [Buffer.alloc(32)], clock, 20);
  let refused = 0;
  for (let i = 0; i < 1_000; i++)
    watch.keep(
      "x",
      function* () {},
      () => void refused++,
      "here",
    );
  await Bun.sleep(70);
  expect(asked).toBeLessThan(10);
  answer = new Problem("unauthenticated", "revoked");
  for (const end = performance.now() + 2_000; refused === 0 && performance.now() < end; ) await Bun.sleep(5);
  expect([refused, watch.size()]).toEqual([1_000, 0]);
});

test("what was allowed is asked about again once something was written, or its time is over, and not before", async () => {
  const now = { at: 0 };
  const db = { asked: 0, at: 1, until: 1_000 };
  const read = async () => {
    db.asked++;
    return db.until as never;
  };
  const watch = createWatch({ read, revision: () => db.at }, [Buffer.alloc(32)], { now: () => now.at }, 1);
  const none = () => {};
  const pass = function* () {};
  const setClock = (at: number) => {
    now.at = at;
  };
  const askedWithin = async (change: () => void) => {
    db.asked = 0;
    change();
    await Bun.sleep(40);
    return db.asked;
  };
  expect(await askedWithin(() => void watch.keep("x", pass, none, "here"))).toBe(1);
  // Another one of the same question, and nothing written.
  expect(await askedWithin(() => void watch.keep("x", pass, none, "here"))).toBe(0);
  expect(await askedWithin(() => void db.at++)).toBe(1);
  expect(await askedWithin(() => setClock(999))).toBe(0);
  db.until = 5_000;
  expect(await askedWithin(() => setClock(1_000))).toBe(1);
  // What has no place may ask more than the database.
  expect(await askedWithin(() => void watch.keep("x", pass, none))).toBeGreaterThan(3);
  watch.close();
});

test("one bearer's streams leave room for those of others, and what was let go of may be opened again", () => {
  const watch = createWatch({ read: async () => undefined as never }, [Buffer.alloc(32)], clock);
  const keep = (bearer: string) =>
    watch.keep(
      bearer,
      function* () {},
      () => {},
      "p",
    );
  const releases = Array.from({ length: 10_000 }, () => keep("mean"));
  expect(() => keep("mean")).toThrow("Too many");
  keep("kind")();
  releases[0]?.();
  releases[0]?.();
  keep("mean");
  expect(() => keep("mean")).toThrow("Too many");
  watch.close();
});

test("what is asked about by itself has a bound of its own, and one bearer half of it", () => {
  const watch = createWatch({ read: async () => undefined as never }, [Buffer.alloc(32)], clock);
  const keep = (bearer: string, place: string) =>
    watch.keep(
      bearer,
      function* () {},
      () => {},
      place,
    );
  const releases = Array.from({ length: 5_000 }, (_, n) => keep("mean", `${n}`));
  expect(() => keep("mean", "another")).toThrow("Too many");
  keep("mean", "0");
  for (let n = 0; n < 5_000; n++) keep(`kind ${n}`, "p");
  expect(() => keep("late", "p")).toThrow("Too many");
  keep("kind 0", "p");
  releases[1]?.();
  keep("mean", "another");
  expect(() => keep("late", "p")).toThrow("Too many");
  watch.close();
});
