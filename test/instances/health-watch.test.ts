import { expect, test } from "bun:test";
import { createHealthWatch, type Look, type Watched } from "../../src/instances/health-watch.ts";
import type { HealthCheck } from "../../src/resources/server.ts";
import { logTo } from "../log.ts";

const copy = (id: string, healthCheck?: HealthCheck): Watched => ({
  id,
  server: {
    id: `of-${id}`,
    name: id,
    version: 1,
    fields: { transport: "stdio", command: ["x"], ...(healthCheck && { healthCheck }) },
  },
});

/** A watch whose time stands still until it is moved, over servers that answer as they are told. */
function watching(...copies: Watched[]) {
  let now = 1_000_000;
  const all = new Map(copies.map((one) => [one.id, one]));
  const answers = new Map<string, string | undefined | Promise<undefined>>();
  const answered = new Map<string, number>();
  const looks: string[] = [];
  const events: string[] = [];
  const watch = createHealthWatch({
    watched: async () => [...all.values()],
    answeredAt: (id) => answered.get(id),
    probe: async ({ id }: Watched, look: Look) => {
      looks.push(`${look} ${id}`);
      return await answers.get(`${look} ${id}`);
    },
    lost: ({ id }, reason) => events.push(`lost ${id}: ${reason}`),
    recovered: ({ id }) => events.push(`recovered ${id}`),
    clock: { now: () => now },
    log: logTo(
      (line) => events.push((JSON.parse(line) as { health: string }).health),
      () => now,
      "info",
    ),
  });
  return {
    watch,
    all,
    answers,
    answered,
    looks,
    events,
    now: () => now,
    async pass(seconds: number) {
      now += seconds * 1000;
      await watch.tick();
      return looks.splice(0);
    },
  };
}

test("each is looked at every 15 s; one whose calls are answered is not asked, and never was better", async () => {
  const w = watching(copy("a"), copy("b"));
  expect(await w.pass(0)).toEqual(["liveness a", "liveness b"]);
  expect(await w.pass(5)).toEqual([]);
  w.answered.set("b", w.now() + 9_000);
  expect(await w.pass(10)).toEqual(["liveness a"]);
  expect(w.watch.of("b")).toMatchObject({
    health: "healthy",
    probedAt: w.now() - 1_000,
    nextProbeAt: w.now() + 14_000,
  });
});

test("degraded, unhealthy and lost, which is told once; well at once when it answers", async () => {
  const w = watching(copy("a"));
  w.answers.set("liveness a", "it is silent");
  const seen = [];
  for (let i = 0; i < 4; i++) {
    await w.pass(15);
    seen.push(w.watch.of("a")?.health);
  }
  expect(seen).toEqual(["degraded", "degraded", "unhealthy", "unhealthy"]);
  w.answered.set("a", w.now() + 1);
  expect(w.watch.of("a")?.health).toBe("healthy");
  w.answers.delete("liveness a");
  await w.pass(15);
  const lost = "lost a: it failed its health check 3 times in a row: it is silent";
  expect(w.events).toEqual(["degraded", "unhealthy", lost, "healthy"]);
});

test("an explicit check has its own rhythm, is never taken for lost, and begins anew when it is changed", async () => {
  const check = { tool: "look", intervalSeconds: 5, failureThreshold: 1 };
  const w = watching(copy("a", check));
  w.answers.set("check a", "it said no");
  expect(await w.pass(0)).toEqual(["liveness a", "check a"]);
  expect(await w.pass(5)).toEqual(["check a"]);
  expect(w.watch.of("a")).toMatchObject({ health: "unhealthy", reason: "it said no" });
  expect(w.events).toEqual(["unhealthy"]);
  w.all.set("a", copy("a", { tool: "look" }));
  w.answers.delete("check a");
  expect(await w.pass(0)).toEqual(["check a"]);
  expect(w.events).toEqual(["unhealthy", "healthy"]);
});

test("no look piles up behind one that hangs, and what hangs holds up nobody else", async () => {
  const w = watching(copy("a"), copy("b"));
  const { promise, resolve } = Promise.withResolvers<undefined>();
  w.answers.set("liveness a", promise);
  const first = w.pass(0);
  await Bun.sleep(0);
  await Promise.race([w.pass(20), Bun.sleep(50)]);
  expect(w.watch.of("b")?.health).toBe("healthy");
  expect(w.looks.splice(0).filter((look) => look === "liveness a")).toEqual([]);
  resolve(undefined);
  await first;
  expect(w.watch.of("a")?.health).toBe("healthy");
});

test("who is gone is forgotten, and after the end nothing is looked at", async () => {
  const w = watching(copy("a"));
  await w.pass(0);
  w.all.delete("a");
  await w.pass(0);
  expect(w.watch.of("a")).toBeUndefined();
  w.all.set("a", copy("a"));
  w.watch.stop();
  expect(await w.pass(20)).toEqual([]);
});
