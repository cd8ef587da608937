import { expect, test } from "bun:test";
import { type Breaker, closed, failed, refusalOf, tried, turnAt, untried, viewOf } from "../../src/lib/breaker.ts";

const firstMs = 5_000;
const failing = (times: number, breaker = closed, now = 0): Breaker =>
  Array.from({ length: times }).reduce<Breaker>((so) => failed(so, "it is silent", "call", now, firstMs), breaker);

test("four may wait in vain, the fifth is the last that does", () => {
  expect(turnAt(failing(4), 0)).toBe("call");
  expect(turnAt(failing(5), 0)).toBe("refused");
  expect(turnAt(failing(5), 4_999)).toBe("refused");
  expect(turnAt(failing(5), 5_000)).toBe("trial");
});

test("one trial at a time, and each that fails doubles the pause up to a minute", () => {
  let breaker = failing(5);
  let now = 0;
  const pauses: number[] = [];
  for (let i = 0; i < 6; i++) {
    const { retryAt = 0, pauseMs = 0 } = breaker.open ?? {};
    pauses.push(pauseMs);
    now = retryAt;
    breaker = tried(breaker, now);
    expect(turnAt(breaker, now)).toBe("refused");
    breaker = failed(breaker, "it is silent", "trial", now, firstMs);
  }
  expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
});

test("a trial that nothing is heard of holds up the next for a minute only; one that said nothing not at all", () => {
  const trying = tried(failing(5), 5_000);
  expect(viewOf(trying)).toEqual({
    state: "half-open",
    failures: 5,
    last: "it is silent",
    retryAt: "1970-01-01T00:01:05.000Z",
  });
  expect(turnAt(trying, 65_000)).toBe("trial");
  expect(turnAt(untried(trying, 6_000), 6_000)).toBe("trial");
});

test("calls that began earlier and fail while it is open are counted, and make no pause longer", () => {
  const open = failing(5);
  expect(failing(3, open, 4_000)).toEqual({ ...open, failures: 8 });
});

test("a conversation that cannot be opened is waited for by nobody else", () => {
  const once = failed(closed, "it cannot be reached", "opening", 0, 10_000);
  expect(turnAt(once, 9_999)).toBe("refused");
  expect(failed(tried(once, 10_000), "it cannot be reached", "opening", 10_000, 10_000).open?.pauseMs).toBe(20_000);
  expect(failed(once, "x", "opening", 0, 120_000).open?.pauseMs).toBe(20_000);
});

test("a pause that is set longer than a minute stays so", () => {
  const once = failed(closed, "it cannot be reached", "opening", 0, 600_000);
  expect(failed(once, "it cannot be reached", "opening", 600_000, 600_000).open?.pauseMs).toBe(600_000);
});

test("who is refused is told why, and when it is tried again", () => {
  expect(refusalOf(`server "x"`, failing(5), 0)).toBe(
    'server "x" has not answered 5 times in a row (last: it is silent); it is tried again in 5 s',
  );
  expect(refusalOf(`server "x"`, tried(failing(5), 5_000), 5_000)).toEndWith("it is being tried again now");
  expect(refusalOf(`server "x"`, failed(closed, "connection refused", "opening", 0, firstMs), 1_500)).toBe(
    'server "x": connection refused; it is tried again in 4 s',
  );
});

test("it is told as closed with what it counted", () => {
  expect([viewOf(closed), viewOf(failing(2))]).toEqual([
    { state: "closed", failures: 0 },
    { state: "closed", failures: 2, last: "it is silent" },
  ]);
});
