import { expect, test } from "bun:test";
import fc from "fast-check";
import { partsOf, structureOf } from "../../../src/mcp/prompts/structure.ts";

test("a title over the whole is no chapter; what is under it is", () => {
  const text = [
    "# House style",
    "",
    "Answer in **short** sentences. Nobody reads long ones.",
    "",
    "## Paths",
    "Write the [path](https://x.invalid) of each file. Always.",
    "### Of tests",
    "They too.",
    "```sh",
    "## no heading but a comment",
    "```",
    "## Names ##",
    "- short ones",
  ].join("\r\n");
  expect(structureOf(text)).toEqual({
    summary: "Answer in short sentences.",
    chapters: [
      { title: "Paths", summary: "Write the path of each file." },
      { title: "Names", summary: "short ones" },
    ],
  });
  expect(partsOf(text).parts[0]?.body).toContain("They too.");
});

test("a heading of a higher level ends a part", () => {
  const { parts } = partsOf("### a\none\n### b\ntwo\n# end\nlast");
  expect(parts).toEqual([
    { title: "a", body: "one" },
    { title: "b", body: "two" },
  ]);
});

test("what has no headings has no chapters; what is about the file is no text", () => {
  expect(structureOf("---\ntitle: x\n---\nDeploy from main only. Then wait.")).toEqual({
    summary: "Deploy from main only.",
    chapters: [],
  });
  expect(structureOf("# Only a title")).toEqual({ summary: "", chapters: [{ title: "Only a title", summary: "" }] });
  expect(structureOf("")).toEqual({ summary: "", chapters: [] });
});

test("escape codes and endless lines stay out of what lists show", () => {
  const { summary, chapters } = structureOf(`\u001b[2J${"word ".repeat(50_000)}\n\n# ${"t".repeat(9_000)}\n# b`);
  expect(summary).not.toContain("\u001b");
  expect(summary.length).toBeLessThanOrEqual(300);
  expect(chapters[0]?.title.length).toBe(200);
});

test("any text has a bounded brief, in a line each", () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom("# a", "## b", "```", "~~~", "---", "- x", "", "> q", "| t |", "A b. C"),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), fc.constantFrom("\n", "\r\n", "\r"), (lines, end) => {
      const { summary, chapters } = structureOf(lines.join(end));
      expect(chapters.length).toBeLessThanOrEqual(100);
      for (const words of [summary, ...chapters.flatMap((one) => [one.title, one.summary])]) {
        expect(words.length).toBeLessThanOrEqual(300);
        expect(/[\p{Cc}]/u.test(words)).toBe(false);
      }
      for (const { title } of chapters) expect(title).not.toBe("");
    }),
  );
});
