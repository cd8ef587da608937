import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Parts } from "../../../../src/mcp/pipeline/cache/cache.ts";
import { decoded, encoded } from "../../../../src/mcp/pipeline/json/string.ts";
import type { Pipeline } from "../../../../src/mcp/pipeline/models/model.ts";
import { shapeResult } from "../../../../src/mcp/pipeline/results/result.ts";
import type { ContentType } from "../../../../src/mcp/pipeline/stage.ts";
import { aboutOf, oddText, pipelineOf, runnerOf, stageOf } from "../stage-bench.ts";

const loud = stageOf("loud", (text) => ({ content: text.toUpperCase() }));
const runner = runnerOf({
  stages: [
    loud,
    stageOf(
      "fails",
      () => {
        throw new Error("no");
      },
      { everywhere: true },
    ),
  ],
});

async function shaped(pipeline: Pipeline, result: string, type: ContentType = "toolResult") {
  const kept: Parts[] = [];
  const shaper = runner.shaper(pipeline, aboutOf({ contentType: type }));
  const text = await shapeResult({ type, result, shaper, keep: (parts) => `r${kept.push(parts)}` });
  return { text, kept };
}

test("only texts change; all else stays byte for byte", async () => {
  const result = `{ "content" : [ {"type":"image","data":"aGk=","mimeType":"image/png"},\n {"type":"text","text":"one \\u00e9","annotations":{"priority":1.0}}, {"type":"resource","resource":{"uri":"a:b","text":"two"}}, {"type":"resource_link","uri":"x:y","name":"n"},{"type":"resource","resource":{"uri":"a:c","blob":"aGk="}} ], "structuredContent":{"id":90071992547409931234,"t":"stays"}, "_meta":{"x":1e400} }`;
  const { text } = await shaped(pipelineOf("loud"), result);
  expect(text).toBe(result.replace("one \\u00e9", "ONE É").replace('"two"', '"TWO"'));
});

test("neighbours that are nothing but text are one text when they change, and stay as they were when not", async () => {
  const result =
    '{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}, {"type":"image","data":""},{"text":"c","type":"text"}],"x":1}';
  expect((await shaped(pipelineOf("loud"), result)).text).toBe(
    '{"content":[{"type":"text","text":"A\\nB"}, {"type":"image","data":""},{"text":"C","type":"text"}],"x":1}',
  );
  const same = result.replaceAll(/"([abc])"(?=[,}])/g, (_, letter: string) => `"${letter.toUpperCase()}"`);
  expect((await shaped(pipelineOf("loud"), same)).text).toBe(same);
});

test("a failure goes only through what works everywhere, and stays one", async () => {
  const result = '{"content":[{"type":"text","text":"no file for me@example.com"}],"isError":true}';
  expect((await shaped(pipelineOf("loud"), result)).text).toBe(result);
  const long = result.replace("no file", "x ".repeat(9_000));
  expect((await shaped(pipelineOf("paginate", "loud", "redact"), long)).text).toBe(
    long.replace("me@example.com", "[e-mail]"),
  );
});

test("structured content has its secrets hidden, and nothing else changed", async () => {
  const result =
    '{"content":[],"structuredContent":{"user":{"password":"hunter2x","mail":["me@example.com","ok"]},"id":90071992547409931,"n":1.0,"card": -4111111111111111,"a@example.com":1,"b@example.com":{"x":2}}}';
  const { text } = await shaped(pipelineOf("loud", "redact"), result);
  expect(text).toBe(
    '{"content":[],"structuredContent":{"user":{"password":"[redacted]","mail":["[e-mail]","ok"]},"id":90071992547409931,"n":1.0,"card": "-[card number]","[e-mail]":1,"[e-mail] 2":{"x":2}}}',
  );
});

test("what could not be looked through is not given, in whatever form", async () => {
  const tool = await shaped(
    pipelineOf("fails"),
    '{"content":[{"type":"text","text":"secret"}],"structuredContent":{"a":"secret"},"_meta":{"k":1}}',
  );
  expect(JSON.parse(tool.text)).toEqual({
    content: [{ type: "text", text: expect.stringContaining("held back") }],
    _meta: { k: 1 },
    isError: true,
  });
  const structured = await shaped(pipelineOf("fails"), '{"content":[],"structuredContent":{"a":"secret"}}');
  expect(structured.text).not.toContain('secret"');
  const prompt = await shaped(
    pipelineOf("fails"),
    '{"messages":[{"role":"user","content":{"type":"text","text":"secret"}}]}',
    "prompt",
  );
  expect(JSON.parse(prompt.text).messages).toEqual([
    { role: "user", content: { type: "text", text: expect.stringContaining("held back") } },
  ]);
  const resource = await shaped(pipelineOf("fails"), '{"contents":[{"uri":"a:b","text":"secret"}]}', "resource");
  expect(JSON.parse(resource.text).contents).toEqual([{ uri: "a:b", text: expect.stringContaining("held back") }]);
});

test("a long result comes as an index that says how to read on, and all of it is kept", async () => {
  const content = Array.from({ length: 9 }, (_, i) => `# Part ${i}\n${"words ".repeat(400)}`).join("\n");
  const { text, kept } = await shaped(
    pipelineOf("section-split", "summarize-tree", "paginate"),
    JSON.stringify({ content: [{ type: "text", text: content }] }),
  );
  const [block] = JSON.parse(text).content as { text: string }[];
  expect(block?.text).toContain(
    '`_resultId`: "r1" and `_section`: an id from the list, such as "1"; or `_page`: "all"',
  );
  expect(block?.text.length).toBeLessThan(4_000);
  expect(kept).toEqual([{ original: content, sections: expect.any(Array), by: "section" }]);
  expect(kept[0]?.sections).toHaveLength(9);
});

test("pages and what was cut are told in their own words, a prompt's too", async () => {
  const prose = "words and words. ".repeat(1_500);
  const paged = await shaped(
    pipelineOf("paginate"),
    JSON.stringify({ messages: [{ role: "user", content: { type: "text", text: prose } }] }),
    "prompt",
  );
  expect(paged.text).toContain("get this prompt again with the same arguments and `_resultId`");
  expect(paged.text).toContain("`_page`: a number from 1 to 4");
  const cut = await shaped(
    pipelineOf(["truncate", { most: 100, keep: "both" }]),
    JSON.stringify({ content: [{ type: "text", text: prose }] }),
  );
  expect(cut.kept[0]?.original).toBe(prose);
  expect(JSON.parse(cut.text).content[0].text).toMatch(
    /^words[\s\S]{45}\n\[… 25,400 characters were cut here …\]\n[\s\S]{50}/,
  );
});

test("what is kept to be read on has nothing of what was hidden, wherever the stage stands, and in the cache neither", async () => {
  const content = Array.from({ length: 9 }, (_, i) => `# Part ${i}\n${"words me@example.com ".repeat(90)}`).join("\n");
  const result = JSON.stringify({ content: [{ type: "text", text: content }] });
  for (const pipeline of [pipelineOf("redact", "section-split", "summarize-tree"), pipelineOf("paginate", "redact")]) {
    for (let again = 0; again < 2; again++) {
      const { text, kept } = await shaped(pipeline, result);
      expect(kept[0]?.original).toBe(content.replaceAll("me@example.com", "[e-mail]"));
      expect(JSON.stringify(kept) + text).not.toContain("me@example.com");
    }
  }
});

test("a resource is given whole", async () => {
  const result = JSON.stringify({
    contents: [
      { uri: "a:b", mimeType: "text/plain", text: "words. ".repeat(5_000) },
      { uri: "a:c", blob: "aGk=" },
    ],
  });
  expect(
    (await shaped(pipelineOf("section-split", "summarize-tree", "paginate", "truncate"), result, "resource")).text,
  ).toBe(result);
  expect((await shaped(pipelineOf("loud"), result, "resource")).text).toContain("WORDS. WORDS.");
});

test("a pipeline that is not for this type of content does nothing", async () => {
  const result = '{"content":[{"type":"text","text":"me@example.com"}]}';
  expect((await shaped({ ...pipelineOf("redact"), appliesTo: ["prompt"] }, result)).text).toBe(result);
});

test("it never throws, whatever a result holds, and answers JSON; where nothing changes it is the very same", async () => {
  const text = oddText(200);
  const block = fc.oneof(
    fc.record({ type: fc.constant("text"), text: fc.oneof(text, fc.jsonValue()) }),
    fc.record({ type: fc.constant("resource"), resource: fc.oneof(fc.record({ uri: text, text }), fc.jsonValue()) }),
    fc.jsonValue(),
  );
  const result = fc.oneof(
    fc.record(
      {
        content: fc.oneof(fc.array(block), fc.jsonValue()),
        structuredContent: fc.jsonValue(),
        isError: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
    fc.record({
      messages: fc.oneof(
        fc.array(fc.oneof(fc.record({ role: text, content: fc.oneof(block, fc.array(block)) }), fc.jsonValue())),
        fc.jsonValue(),
      ),
    }),
    fc.record({
      contents: fc.oneof(fc.array(fc.oneof(fc.record({ uri: text, text }), fc.jsonValue())), fc.jsonValue()),
    }),
    fc.jsonValue(),
  );
  const pipelines = [
    pipelineOf(["truncate", { most: 100 }], "redact"),
    pipelineOf(["section-split", { over: 100, min: 100, max: 100 }], ["paginate", { pageBytes: 200 }], "toon"),
    pipelineOf(["json-project", { fields: ["a"] }]),
  ];
  const types = ["toolResult", "prompt", "resource"] as const;
  await fc.assert(
    fc.asyncProperty(
      result,
      fc.constantFrom(...pipelines),
      fc.constantFrom(...types),
      fc.constantFrom(0, 1),
      async (value, pipeline, type, indent) => {
        const json = JSON.stringify(value, null, indent);
        JSON.parse((await shaped(pipeline, json, type)).text);
        expect(
          (
            await shaped(
              pipelineOf("passthrough", ["redact", { secrets: false, email: false, cards: false }]),
              json,
              type,
            )
          ).text,
        ).toBe(json);
      },
    ),
    { numRuns: 100 },
  );
});

test("long strings are read and written in pieces as they would be at once", async () => {
  const odd = fc.constantFrom("\\", '"', "\n", "é", "😀", "\ud800", "\u2028", "a".repeat(1_000), "\\u0041", "\u0000");
  await fc.assert(
    fc.asyncProperty(fc.array(odd, { minLength: 100, maxLength: 400 }), fc.nat(20), async (parts, shift) => {
      const text = `${"x".repeat(65_530 + shift)}${parts.join("")}`;
      const json = JSON.stringify(text);
      expect(await encoded(text)).toBe(json);
      expect(await decoded(json, { start: 0, end: json.length })).toBe(text);
    }),
    { numRuns: 60 },
  );
});
