import { expect, test } from "bun:test";
import fc from "fast-check";
import { jsonValues } from "../../../../src/mcp/pipeline/json/values.ts";
import type { Section } from "../../../../src/mcp/pipeline/stage.ts";
import { partsOf } from "../../../../src/mcp/pipeline/stages/breaks.ts";
import { split } from "../../../../src/mcp/pipeline/stages/section-split.ts";
import { aboutOf, llmOf, oddText, pipelineOf, runnerOf } from "../stage-bench.ts";

const bounds = { min: 200, max: 1_000 };
const sentence = "The quick brown fox jumps over the lazy dog. ";

/** At every level the parts are the whole. */
function expectWhole(content: string, sections: readonly Section[]): void {
  expect(sections.map((section) => section.content).join("")).toBe(content);
  for (const section of sections) if (section.sections !== undefined) expectWhole(section.content, section.sections);
}

const joinedValue = (sections: readonly Section[]): unknown => {
  const values = sections.map(({ content }) => JSON.parse(content) as unknown);
  if (values.every((value) => typeof value === "string")) return values.join("");
  return values.every(Array.isArray) ? values.flat(1) : Object.assign({}, ...(values as object[]));
};
function expectSameValue(sections: readonly Section[], value: unknown): void {
  expect(joinedValue(sections)).toEqual(value);
  for (const section of sections) {
    if (section.sections === undefined) continue;
    const [inner] = Object.values(JSON.parse(section.content) as object) as unknown[];
    expectSameValue(section.sections, inner);
  }
}
const all = (sections: readonly Section[]): Section[] =>
  sections.flatMap((section) => [section, ...all(section.sections ?? [])]);

const lines = fc.oneof(
  fc.constantFrom(
    "# One",
    "## Two",
    "### Three",
    "```",
    "",
    "---",
    "name: x",
    "  inner:",
    "- item",
    "def f():",
    "export const a = 1;",
    "diff --git a b",
    "@@ 1 @@",
    "1.2 Numbered",
    "ALL CAPS",
  ),
  oddText(40),
  fc.constant(sentence.repeat(10)),
);

test("text in sections is the whole text, at every level", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(lines, { minLength: 20, maxLength: 200 }), async (all) => {
      const content = all.join("\n");
      const found = await split(content, bounds);
      if (found !== undefined && found.form !== "json") expectWhole(content, found.sections);
    }),
    { numRuns: 60 },
  );
});

test("JSON in sections says the same, and each is JSON with an id of its own", async () => {
  const big = fc.array(
    fc.record({
      name: fc.string(),
      n: fc.integer(),
      deep: fc.jsonValue({ maxDepth: 3 }),
      text: fc.constant("x".repeat(300)),
    }),
    { minLength: 3, maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        big,
        fc.record({ total: fc.integer(), items: big, text: fc.string({ minLength: 900, maxLength: 4_000 }) }),
      ),
      fc.constantFrom(0, 2),
      async (value, indent) => {
        const content = JSON.stringify(value, null, indent);
        const found = await split(content, bounds);
        expectSameValue(found?.sections ?? [], JSON.parse(content));
        const ids = all(found?.sections ?? []).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
      },
    ),
    { numRuns: 40 },
  );
});

test("big numbers and odd spellings stay as they are in a section", async () => {
  const rows = Array.from(
    { length: 40 },
    (_, i) => `{"id": 90071992547409931${i}, "n": 1.50, "t": "${"y".repeat(100)}"}`,
  );
  const found = await split(`[${rows.join(", ")}]`, bounds);
  const text = found?.sections.map(({ content }) => content.slice(1, -1)).join(", ");
  expect(text).toBe(rows.join(", "));
});

test("a text is JSON exactly when JSON.parse says so", async () => {
  const broken = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "}", "]", '"', "\\", "\n", "\u0001", "0", "-", ":"))
    .map(([text, at, put]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + put + text.slice(place + 1);
    });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.json(), broken), async (text) => {
      if (!/^\s*[{[]/.test(text)) return;
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      const roots = await jsonValues(text);
      if (isJson) expect(roots).toHaveLength(1);
      // Several values one after the other are more than JSON.parse takes.
      else if (roots !== undefined) for (const { start, end } of roots) JSON.parse(text.slice(start, end));
    }),
    { numRuns: 600 },
  );
});

test.each([
  [
    "markdown",
    `# A\n${sentence.repeat(20)}\n# B\n\`\`\`sh\n# no heading\n\`\`\`\n${sentence.repeat(20)}\n`,
    ["A", "B"],
  ],
  [
    "yaml",
    `# what it is\none:\n${"  - value\n".repeat(60)}two:\n${"  key: value\n".repeat(60)}`,
    ["# what it is … one", "two"],
  ],
  [
    "code",
    `import a from "a";\n\n${["f", "g", "h"].map((name) => `/** Says. */\nexport function ${name}(a) {\n${"  a += 1;\n".repeat(30)}}\n`).join("\n")}`,
    ['import a from "a"; … f', "g", "h"],
  ],
  [
    "diff",
    ["x", "y"].map((name) => `diff --git a/${name} b/${name}\n@@ -1 +1 @@\n${"+line\n".repeat(50)}`).join(""),
    ["a/x b/x", "a/y b/y"],
  ],
  [
    "plain text",
    `1. First\n${sentence.repeat(9)}\n\n2. Second\n${sentence.repeat(9)}\n\n3. Third\n${sentence.repeat(9)}`,
    ["1. First", "2. Second", "3. Third"],
  ],
  ["json", JSON.stringify({ a: sentence.repeat(9), b: sentence.repeat(9) }), ["a", "b"]],
])("%s is parted where it is marked", async (form, content, titles) => {
  const found = await split(content, bounds);
  expect(found?.form).toBe(form);
  expect(found?.sections.map(({ title }) => title)).toEqual(titles);
});

test("a big list within an object is parted within its section", async () => {
  const items = Array.from({ length: 100 }, (_, i) => ({ name: `row-${i}`, text: "x".repeat(60) }));
  const found = await split(JSON.stringify({ total: 100, items }), { min: 200, max: 2_000 });
  const list = found?.sections.at(-1);
  expect(list?.title).toBe("items");
  expect(list?.sections?.[0]).toMatchObject({
    id: `${list?.id}.1`,
    title: expect.stringMatching(/^\[0–\d+\] row-0 … row-\d+$/),
  });
});

test("prose has no sections: it comes in pages", async () => {
  const content = `${sentence.repeat(5)}\n\n`.repeat(100);
  const ran = await runnerOf().run(pipelineOf("section-split", "summarize-tree", "paginate"), content, aboutOf());
  expect(ran.by).toBe("page");
  expectWhole(content, ran.sections ?? []);
  expect(ran.content).toContain("Page 1 of");
});

test("pages are all of the text, none is too long, and none parts a character", () => {
  fc.assert(
    fc.property(oddText(600), fc.integer({ min: 50, max: 300 }), (text, size) => {
      const parts = partsOf(text, size).map(({ start, end }) => text.slice(start, end));
      expect(parts.join("")).toBe(text);
      for (let at = 1; at < parts.length; at++) {
        const border = (parts[at - 1] ?? "").slice(-1) + (parts[at] ?? "").slice(0, 1);
        expect(border).not.toMatch(/^[\ud800-\udbff][\udc00-\udfff]$/);
      }
      for (const part of parts) {
        expect(part.length).toBeLessThanOrEqual(size);
      }
    }),
  );
});

test("titles of pages are an LLM's, one a line; nonsense is not taken, and nothing is kept of it", async () => {
  const content = sentence.repeat(500);
  const good = llmOf(() => "1. Foxes\n2. \u001b[31mDogs\n3. Ends");
  const ran = await runnerOf().run(pipelineOf("paginate"), content, aboutOf({ llm: good.llm }));
  expect(ran.sections?.map(({ title }) => title)).toEqual(["Foxes", "\ufffd[31mDogs", "Ends"]);
  expect(good.asked).toHaveLength(1);
  const bad = llmOf(() => "I cannot do that");
  const plain = await runnerOf().run(pipelineOf("paginate"), content, aboutOf({ llm: bad.llm }));
  expect(plain.sections?.[1]?.title).toBe("Page 2");
  expect(plain.degraded).toBe(true);
});

test("summaries are an LLM's, children before parents, within the index's bound; without one, by structure", async () => {
  const content = Array.from({ length: 12 }, (_, i) => `# Part ${i}\n\n${sentence.repeat(60)}`).join("\n");
  const { llm, asked } = llmOf((prompt) => `About ${/titled “(.*?)”/.exec(prompt)?.[1]}. ${"long ".repeat(3_000)}`);
  const pipeline = pipelineOf("section-split", ["summarize-tree", { indexTokens: 1_000 }]);
  const ran = await runnerOf().run(pipeline, content, aboutOf({ llm }));
  expect(asked).toHaveLength(12);
  expect(ran.content).toContain("About Part 3");
  expect(ran.content.length).toBeLessThanOrEqual(4_000);
  const without = await runnerOf().run(pipeline, content, aboutOf());
  expect(without.content).toContain("The quick brown fox");
  expect(without.degraded).toBe(false);
  const down = llmOf(() => Promise.reject(new Error("down")));
  const degraded = await runnerOf().run(pipeline, content, aboutOf({ llm: down.llm }));
  expect(degraded.content).toBe(without.content);
  expect(degraded.degraded).toBe(true);
  expect(down.asked.length).toBeLessThan(12);
});

test("an index of very many sections has titles, then ranges of them", async () => {
  const content = Array.from({ length: 900 }, (_, i) => `# Part ${i}\n${sentence.repeat(60)}`).join("\n");
  const ran = await runnerOf().run(
    pipelineOf("section-split", ["summarize-tree", { indexTokens: 500 }]),
    content,
    aboutOf(),
  );
  expect(ran.content.length).toBeLessThanOrEqual(2_400);
  expect(ran.content).toMatch(/^This is the index of [\d,]+ characters in 900 sections:\n\n1 to \d+\. Part 0/);
});
