import { expect, test } from "bun:test";
import { Instance } from "../../src/resources/instance.ts";

const reasonOf = (fields: object) =>
  Instance.columns.find(({ header }) => header === "REASON")?.value({ restarts: 0, ...fields } as never);

test("a line of the table says why a copy does not run, or is not well", () => {
  expect(reasonOf({ state: "RUNNING", health: "healthy" })).toBe("");
  expect(reasonOf({ state: "RUNNING", health: "degraded", probeReason: "no answer" })).toBe("no answer");
  const ended = { state: "ERROR", reason: "exited with code 1", exitCode: 1, probeReason: "no answer" };
  expect(reasonOf({ ...ended, stderr: ["no token", " "] })).toBe("exited with code 1: no token");
  expect(reasonOf(ended)).toBe("exited with code 1");
});
