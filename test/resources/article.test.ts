import { expect, test } from "bun:test";
import { aKind } from "../../src/resources/define.ts";
import { kinds } from "../../src/resources/index.ts";
import { allRoutes } from "../../src/server/routes/index.ts";

test("each kind has its article as it is spoken", () => {
  expect(kinds.map(aKind).filter((words) => words.startsWith("an "))).toEqual([
    "an instance",
    "an llm",
    "an rbac",
    "an mcptoken",
  ]);
});

test("whatever is derived of a kind has the kind's article", () => {
  const wrong = kinds.map((kind) => `${aKind(kind).startsWith("an ") ? "a" : "an"} ${kind.kind}`);
  const odd = new RegExp(`\\b(${wrong.join("|")})\\b`, "i");
  expect(allRoutes().flatMap(({ summary }) => (odd.test(summary) ? [summary] : []))).toEqual([]);
});
