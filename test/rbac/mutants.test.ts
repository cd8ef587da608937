import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { judgeRun, mutants, plant } from "./mutants.ts";

test("every mutant can be planted, and no two are the same", () => {
  for (const mutant of mutants)
    expect(plant(mutant, readFileSync(join(import.meta.dir, "../..", mutant.file), "utf8"))).toContain(mutant.to);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  expect(mutants.length).toBeGreaterThanOrEqual(30);
});

test("a mutant whose text is gone, or stands twice, is an error and no kill", () => {
  const mutant = { name: "m", file: "f.ts", from: "a", to: "b" };
  for (const source of ["", "a a"]) expect(() => plant(mutant, source)).toThrow('mutant "m"');
});

test("a run is judged by how it ended: no failure is a survivor", () => {
  expect(judgeRun(0, "(pass) P1 covers [1.00ms]\n 1 pass\n 0 fail")).toEqual({ verdict: "SURVIVED", by: "" });
  expect(judgeRun(1, "(pass) P1 [1ms]\n(fail) P2 no escalation [35.20ms]\n 1 fail")).toEqual({
    verdict: "killed",
    by: "P2 no escalation",
  });
  expect(judgeRun(1, "SyntaxError").by).toBe("it did not even run");
  expect(judgeRun(null, "").by).toBe("it never ended");
});
