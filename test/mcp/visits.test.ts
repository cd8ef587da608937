import { expect, test } from "bun:test";
import { Problem } from "../../src/lib/problem.ts";
import type { Endpoint } from "../../src/mcp/endpoint.ts";
import type { Admission, Use } from "../../src/mcp/visit.ts";
import { createVisits } from "../../src/mcp/visits.ts";
import { visitorOf } from "../visitor.ts";

const endpoint: Endpoint = { project: "p", transport: "streamable" };
const somebody = () => visitorOf(new Request("http://127.0.0.1/mcp"), endpoint);
const late = new Problem("invalid", "too late");
const bodies = { read: () => new Promise<ArrayBuffer>(() => {}), textOf: () => "", longestMs: 500, late: () => late };
const by = (principal: string) => ({ principal }) as Admission;

/** Whose body is here. */
function letIn(visits: ReturnType<typeof createVisits>, principal: string) {
  const visit = visits.enter(somebody(), by(principal));
  visit.arrived();
  return visit;
}

/** Remembers what is watched. */
function watching() {
  const watched = new Map<string, (why: Problem) => void>();
  const visits = createVisits({
    admit: () => by("me"),
    bodies,
    watch(_visitor, refuse, use?: Use) {
      const place = use === undefined ? "the visit" : `${use.server}/${use.tool}`;
      watched.set(place, refuse);
      return () => void watched.delete(place);
    },
  });
  return { visits, watched, enter: (principal = "me") => letIn(visits, principal) };
}

test("what is over soon is never watched; what lasts is, with all that it uses, until it is over", async () => {
  const { enter, watched, visits } = watching();
  enter().release();
  const visit = enter();
  visit.letGo(visit.uses("s", "over"));
  const first = visit.uses("s", "first");
  expect(watched.size).toBe(0);
  await Bun.sleep(400);
  expect([...watched.keys()]).toEqual(["the visit", "s/first"]);
  visit.uses("s", undefined);
  visit.letGo(first);
  expect([...watched.keys()]).toEqual(["the visit", "s/undefined"]);
  visit.release();
  visit.release();
  expect(watched.size).toBe(0);
  expect(visits.size()).toBe(0);
});

test("what is over at the moment from which it would be watched is not", async () => {
  const { enter, watched, visits } = watching();
  const visit = enter();
  visit.whenLong({ lasts: () => visit.release() });
  await Bun.sleep(400);
  expect([watched.size, visits.size()]).toEqual([0, 0]);
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
    bodies,
    watch() {
      throw why;
    },
  }).enter(somebody(), by("me"));
  await Bun.sleep(400);
  expect(unwatched.cut.reason).toBe(why);
});

test("of one caller half of all may be open; those of others come in, and so does the next when one is over", () => {
  const { enter } = watching();
  const mine = Array.from({ length: 10_000 }, () => enter());
  expect(() => enter()).toThrow("Too many calls and streams are open at once");
  const others = Array.from({ length: 10_000 }, (_, n) => enter(`other ${n}`));
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

test("whose body does not come in time is told so, and is over; nothing else is waited for that long", async () => {
  const { enter, visits } = watching();
  const visitor = somebody();
  const slow = visits.enter(visitor, by("me"));
  const quick = enter();
  await expect(visitor.answered).rejects.toBe(late);
  expect(slow.cut.reason).toBe(late);
  expect(visits.size()).toBe(1);
  expect(quick.cut.hasEnded).toBe(false);
  quick.release();
});
