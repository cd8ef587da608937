import { expect, test } from "bun:test";
import { Problem } from "../../src/lib/problem.ts";
import type { Endpoint } from "../../src/mcp/endpoint.ts";
import type { Use } from "../../src/mcp/gateway.ts";
import type { Admission } from "../../src/mcp/visit.ts";
import { createVisits } from "../../src/mcp/visits.ts";

const request = new Request("http://127.0.0.1/mcp");
const endpoint: Endpoint = { project: "p", transport: "streamable" };
const by = (principal: string) => ({ principal }) as Admission;

/** Remembers what is watched. */
function watching() {
  const watched = new Map<string, (why: Problem) => void>();
  const visits = createVisits({
    admit: () => by("me"),
    watch(_request, _endpoint, refuse, use?: Use) {
      const place = use === undefined ? "the visit" : `${use.server}/${use.tool}`;
      watched.set(place, refuse);
      return () => void watched.delete(place);
    },
  });
  return { visits, watched, enter: (principal = "me") => visits.enter(request, endpoint, by(principal)) };
}

test("what is over soon is never watched; what lasts is, with all that it uses, until it is over", async () => {
  const { enter, watched, visits } = watching();
  enter().release();
  const visit = enter();
  visit.uses("s", "over")();
  const letGo = visit.uses("s", "first");
  expect(watched.size).toBe(0);
  await Bun.sleep(400);
  expect([...watched.keys()]).toEqual(["the visit", "s/first"]);
  visit.uses("s", undefined);
  letGo();
  expect([...watched.keys()]).toEqual(["the visit", "s/undefined"]);
  visit.release();
  visit.release();
  expect(watched.size).toBe(0);
  expect(visits.size()).toBe(0);
});

test("it ends when the right to it or to what it uses has ended, and when it cannot be watched", async () => {
  const { enter, watched } = watching();
  const why = new Problem("forbidden", "no more");
  const visit = enter();
  visit.uses("s", "t");
  await Bun.sleep(400);
  watched.get("s/t")?.(why);
  expect(visit.cut.reason).toBe(why);

  const unwatched = createVisits({
    admit: () => by("me"),
    watch() {
      throw why;
    },
  }).enter(request, endpoint, by("me"));
  await Bun.sleep(400);
  expect(unwatched.cut.reason).toBe(why);
});

test("of one caller half of all may be open; those of others come in, and so does the next when one is over", () => {
  const { enter } = watching();
  const mine = Array.from({ length: 5_000 }, () => enter());
  expect(() => enter()).toThrow("Too many calls and streams are open at once");
  const others = Array.from({ length: 5_000 }, (_, n) => enter(`other ${n}`));
  expect(() => enter("one more")).toThrow("Too many calls and streams are open at once");
  mine.pop()?.release();
  enter("one more").release();
  enter().release();
  for (const visit of [...mine, ...others]) visit.release();
});

test("whoever waits for idleness waits for the last one", async () => {
  const { enter, visits } = watching();
  await visits.whenIdle();
  const [one, other] = [enter(), enter()];
  let isIdle = false;
  const idle = visits.whenIdle().then(() => {
    isIdle = true;
  });
  one.release();
  await Bun.sleep(0);
  expect(isIdle).toBe(false);
  other.release();
  await idle;
  expect(isIdle).toBe(true);
});
