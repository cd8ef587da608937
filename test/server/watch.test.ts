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
  const watch = createWatch({ read } as unknown as Database, Buffer.alloc(32), clock);
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
    db: { read: async () => ({ id: "one" }) },
    supervisor: { logs: () => [], follow: () => void followers++ },
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
