import { expect, test } from "bun:test";
import { seldom } from "../../src/lib/seldom.ts";
import { logTo } from "../log.ts";

test("each key is warned of once in a minute, whatever the others say", () => {
  let now = 1_000;
  const lines: string[] = [];
  const warn = seldom(
    logTo((line) => void lines.push(line)),
    { now: () => now },
  );
  for (const key of ["a", "a", "b", "a"]) warn(key, `about ${key}`);
  now += 59_999;
  warn("a", "about a");
  now += 1;
  warn("a", "about a", { reason: "again" });
  const said = lines.map((line) => JSON.parse(line) as { message: string; level: string });
  expect(said.map(({ message }) => message)).toEqual(["about a", "about b", "about a"]);
  expect(said.at(-1)).toMatchObject({ level: "warn", reason: "again" });
});
