import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  defaultTexts,
  faultsOf,
  filled,
  type SystemPromptName,
  systemPrompts,
} from "../../src/resources/system-prompts.ts";

const names = Object.keys(systemPrompts) as SystemPromptName[];
const variablesOf = (name: SystemPromptName): readonly string[] => systemPrompts[name].variables;

test("every default passes its own rules, and is told without a variable left in it", () => {
  for (const name of names) {
    expect([name, faultsOf(name, systemPrompts[name].content)]).toEqual([name, []]);
    const values = Object.fromEntries(variablesOf(name).map((one) => [one, "value"]));
    expect(defaultTexts(name, values)).not.toMatch(/\{\{|\}\}/);
  }
});

test("a text is accepted exactly when it holds every variable and no other", () => {
  const words = fc.constantFrom(
    "{{how}}",
    "{{toolCount}}",
    "{{ toolCount }}",
    "{{other}}",
    "{{}}",
    "{toolCount}",
    "}}",
    "{{",
    "text",
  );
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.array(words, { minLength: 1, maxLength: 6 }), (name, parts) => {
      const content = `x ${parts.join(" ")}`;
      const there = [...content.matchAll(/\{\{([^{}]*)\}\}/g)].map(([, inner]) => inner ?? "");
      const known = variablesOf(name);
      const isGood = known.every((one) => there.includes(one)) && there.every((one) => known.includes(one));
      expect([name, content, faultsOf(name, content).length === 0]).toEqual([name, content, isGood]);
    }),
    { numRuns: 500 },
  );
});

test("a value that looks like a variable stays as it is", () => {
  expect(filled("{{a}} {{b}}", { a: "{{b}}", b: 2 })).toBe("{{b}} 2");
  expect(filled("{{constructor}}", {})).toBe("{{constructor}}");
});

test("docs/prompts.md tells of each, with its variables", async () => {
  const page = await Bun.file("docs/prompts.md").text();
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (.*) \| (.*) \|$/gm)].map(([, name, is, variables]) => [
    name,
    is,
    variables,
  ]);
  const shown = names.map((name) => {
    const variables = variablesOf(name).map((one) => `\`{{${one}}}\``);
    return [name, systemPrompts[name].description, variables.length === 0 ? "–" : variables.join(" ")];
  });
  expect(rows).toEqual(shown);
});
