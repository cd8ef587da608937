import { expect, test } from "bun:test";
import { limiter } from "../../src/lib/wait.ts";

/** Work that goes on until it is told to end. */
function held() {
  const ends: (() => void)[] = [];
  return { work: () => new Promise<void>((resolve) => ends.push(resolve)), ends };
}

test("who waits leaves the line when the signal fires, and its place is another's", async () => {
  const bounded = limiter(1, 2, () => new Error("full"));
  const { work, ends } = held();
  const first = bounded(work);
  const giving = new AbortController();
  const second = bounded(work, giving.signal);
  const third = bounded(work);
  expect(bounded(work)).rejects.toThrow("full");
  giving.abort(new Error("gone"));
  expect(second).rejects.toThrow("gone");
  const fourth = bounded(work);
  for (const running of [first, third, fourth]) {
    expect(ends).toHaveLength(1);
    ends.shift()?.();
    await running;
    await Bun.sleep(0);
  }
  expect(ends).toHaveLength(0);
});

test("nothing is begun for who has left already, and who is under way is no more in the line", async () => {
  const bounded = limiter(1, 1, () => new Error("full"));
  const { work, ends } = held();
  expect(bounded(work, AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
  expect(ends).toHaveLength(0);
  const giving = new AbortController();
  const first = bounded(work);
  const second = bounded(work, giving.signal);
  ends.shift()?.();
  await first;
  giving.abort();
  ends.shift()?.();
  await second;
  const third = bounded(work);
  ends.shift()?.();
  await third;
});
