import { expect, test } from "bun:test";
import { parseManifest } from "../../src/resources/parse.ts";
import { Project } from "../../src/resources/project.ts";

const fieldsOf = (more: Record<string, unknown>) => parseManifest(Project, { name: "demo", ...more }).fields;

test("a project of the original says what it means here: gated, its LLM, and a mode that is gone", () => {
  expect(fieldsOf({ gated: true })).toMatchObject({ proxyModel: "default" });
  expect(fieldsOf({ gated: false })).toMatchObject({ proxyModel: "content-pipeline" });
  // What it says by the newer word counts.
  expect(fieldsOf({ gated: false, proxyModel: "gate" })).toMatchObject({ proxyModel: "gate" });
  expect(fieldsOf({ llmProvider: "vllm" })).toMatchObject({ llm: "vllm" });
  const modes = ["direct", "filtered"].map((proxyMode) => fieldsOf({ proxyMode }));
  expect(modes).toEqual([{ servers: [] }, { servers: [] }]);
});

test.each([
  ["auto", "auto"],
  ["off", "off"],
  [4000, "4000"],
  ["4000", "4000"],
])("a tool budget of %p is %p", (given, kept) => {
  expect(fieldsOf({ toolBudget: given })).toMatchObject({ toolBudget: kept });
});

test.each(["some", 0, -1, 12, "12", "1e6", ""])("a tool budget of %p is refused", (given) => {
  expect(() => fieldsOf({ toolBudget: given })).toThrow("is not valid");
});
