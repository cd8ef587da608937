import { expect, test } from "bun:test";
import { Problem } from "../../../src/lib/problem.ts";
import type { Llm } from "../../../src/llm/llm.ts";
import { settled, shelfWorld } from "./shelf-world.ts";

const long = (title: string) => `# ${title}\n\nFirst words of ${title}. ${"More of it. ".repeat(60)}\n`;
const content = `Opening words. ${"And more of them. ".repeat(10)}\n\n${long("Deploy")}\n# Short\n\nA line.\n`;

function fakeLlm(answer: (prompt: string) => string): { llm: Llm; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    llm: {
      identity: () => "local/small",
      available: () => true,
      contextTokens: async () => undefined,
      async complete(prompt) {
        asked.push(prompt);
        return answer(prompt);
      },
    },
  };
}
const demo = { servers: [], llm: "local" };

test("without an LLM the text's own form is its summary; what was given stands before both", async () => {
  using w = await shelfWorld();
  await w.put("project", "demo", demo);
  const own = await w.put("prompt", "own", { project: "demo", priority: 5, content });
  const given = await w.put("prompt", "given", {
    project: "demo",
    priority: 5,
    content,
    summary: "Mine.",
    chapters: [{ title: "One", summary: "of mine" }],
  });
  await w.changed("prompt");
  expect(w.shelf.of("demo").map(({ summary, chapters }) => [summary, chapters.map(({ title }) => title)])).toEqual([
    ["Mine.", ["One"]],
    ["Opening words.", ["Deploy", "Short"]],
  ]);
  expect(w.shelf.statusOf(own)).toMatchObject({
    summary: "Opening words.",
    summaryFrom: "structure",
    chaptersFrom: "structure",
    bytes: Buffer.byteLength(content),
  });
  expect(w.shelf.statusOf(given)).toEqual({
    bytes: Buffer.byteLength(content),
    summaryFrom: "given",
    chaptersFrom: "given",
  });
});

test("the project's LLM is asked once behind everybody's back, and what it says is bounded and cleaned", async () => {
  const { llm, asked } = fakeLlm((prompt) =>
    !prompt.includes("Opening words") ? "How to deploy." : `"\u001b[31mAll\nof it **in brief** ${"x".repeat(900)}"`,
  );
  const kept = new Map<string, string>();
  const cache = {
    get: async ({ project }: { project: string }, key: string) => kept.get(`${project} ${key}`),
    put: ({ project }: { project: string }, key: string, value: string) => void kept.set(`${project} ${key}`, value),
  };
  const options = { llmOf: (project: { llm?: string }) => (project.llm === "local" ? llm : undefined), cache };
  using w = await shelfWorld(options);
  await w.put("project", "demo", demo);
  await w.put("project", "other", { servers: [] });
  const id = await w.put("prompt", "style", { priority: 5, content });
  await w.put("prompt", "style-here", { project: "demo", priority: 5, content });
  await w.put("prompt", "tiny", { project: "demo", priority: 5, content: "Short enough." });
  await w.changed("prompt", "project");
  const first = () => w.shelf.of("demo")[0];
  await settled(() => first()?.summary.includes("in brief") === true);
  expect(first()?.summary).toMatch(/^.\[31mAll of it in brief x+…$/);
  expect(first()?.summary.length).toBe(300);
  expect(first()?.chapters).toEqual([
    { title: "Deploy", summary: "How to deploy." },
    { title: "Short", summary: "A line." },
  ]);
  // Both have the same text, the whole and one long chapter; the tiny one says itself what it is.
  expect(asked).toHaveLength(2);
  expect(w.shelf.of("other")[0]?.summary).toBe("Opening words.");
  expect(w.shelf.statusOf(id)).toMatchObject({ summaryFrom: "structure" });
  expect(w.shelf.statusOf(w.shelf.of("demo")[1]?.id ?? "")).toMatchObject({ summaryFrom: "llm", chaptersFrom: "llm" });

  expect(kept.size).toBe(1);
});

test("an LLM that fails leaves the structure, and is not asked again for a while; one that hangs holds up nobody", async () => {
  let fails = true;
  const { llm, asked } = fakeLlm(() => {
    if (fails) throw new Problem("unavailable", "down");
    return "   ";
  });
  using w = await shelfWorld({ llmOf: () => llm });
  await w.put("project", "demo", demo);
  await w.put("prompt", "style", { project: "demo", priority: 5, content });
  await w.changed("prompt", "project");
  await settled(() => w.lines.some((line) => line.includes("a prompt was not summarised")));
  w.advance(4 * 60_000);
  expect(w.shelf.of("demo")[0]?.summary).toBe("Opening words.");
  expect(asked).toHaveLength(1);
  fails = false;
  w.advance(2 * 60_000);
  expect(w.shelf.of("demo")[0]?.summary).toBe("Opening words.");
  await settled(() => asked.length === 2);
  w.advance(61_000);
  expect(w.shelf.of("demo")[0]?.summary).toBe("Opening words.");
});
