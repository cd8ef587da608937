import { expect, test } from "bun:test";
import { stageCacheOf } from "../../../../src/mcp/pipeline/cache/stage-cache.ts";
import { place, scope } from "./fixture.ts";

test("what is asked for at the same time is computed once, in whatever request, and later not at all", async () => {
  using at = place();
  const cache = at.open();
  let computed = 0;
  const compute = async () => {
    await Bun.sleep(1);
    return `value ${++computed}`;
  };
  const asked = Array.from({ length: 20 }, () => stageCacheOf(cache, scope("p")).getOrCompute("k", compute));
  expect(new Set(await Promise.all(asked))).toEqual(new Set(["value 1"]));
  expect(await stageCacheOf(cache, scope("p")).getOrCompute("k", compute)).toBe("value 1");
  await cache.close();
  expect(await stageCacheOf(at.open(), scope("p")).getOrCompute("k", compute)).toBe("value 1");
});

test("another scope, also one at the same time, computes its own", async () => {
  using at = place();
  const cache = at.open();
  const scopes = [scope("p"), scope("p", "alice"), scope("p", "bob"), scope("q", "alice")];
  const own = (n: number) => stageCacheOf(cache, scopes[n] ?? scope("")).getOrCompute("k", async () => `of ${n}`);
  for (let round = 0; round < 2; round++)
    expect(await Promise.all(scopes.map((_, n) => own(n)))).toEqual(["of 0", "of 1", "of 2", "of 3"]);
});

test("what fails is not kept; who waited for it tries once more, together with all others who did", async () => {
  using at = place();
  const stages = stageCacheOf(at.open(), scope("p"));
  const outcomes = ["first", "second"];
  let computed = 0;
  const failing = async (): Promise<string> => {
    await Bun.sleep(1);
    throw new Error(outcomes[computed++]);
  };
  const asked = await Promise.allSettled(Array.from({ length: 5 }, () => stages.getOrCompute("k", failing)));
  expect(asked.map((each) => each.status === "rejected" && each.reason.message)).toEqual([
    "first",
    ...Array(4).fill("second"),
  ]);
  expect(computed).toBe(2);
  expect(await stages.getOrCompute("k", async () => "good")).toBe("good");
});

test("a hash is the same for the same content only", () => {
  using at = place();
  const { hash } = stageCacheOf(at.open(), scope("p"));
  expect(hash("a")).toBe(stageCacheOf(at.open(), scope("q")).hash("a"));
  expect(hash("a")).not.toBe(hash("b"));
});
