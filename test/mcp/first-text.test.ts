import { expect, test } from "bun:test";
import { answerOf, textOf } from "../../src/mcp/downstream/answer.ts";
import { dressed } from "../../src/mcp/downstream/dress.ts";
import { withFirstText } from "../../src/mcp/downstream/first-text.ts";

const first = (result: object) => {
  const outcome = withFirstText({ result: JSON.stringify(result) });
  return "result" in outcome ? JSON.parse(outcome.result) : outcome;
};
const image = { type: "image", data: "AA==", mimeType: "image/png" };

test("what begins with text is left as it is, byte for byte", () => {
  const text = '{"content":[{"type":"text" , "text":"a"}],"big":9007199254740993}';
  expect(withFirstText({ result: text })).toEqual({ result: text });
});

test("a text further behind, structured content, or the kinds of what there is come first", () => {
  expect(first({ content: [image, { type: "text", text: "a" }] }).content).toHaveLength(3);
  expect(first({ content: [image, { type: "text", text: "a" }] }).content[0]).toEqual({ type: "text", text: "a" });
  expect(first({ content: [], structuredContent: { n: 1 } }).content[0].text).toBe('{"n":1}');
  expect(first({ content: [image] }).content[0].text).toContain("image");
  expect(first({ content: [] }).content[0].text).not.toBe("");
  expect(first({ content: [null, 5] }).content[0].text).not.toBe("");
});

test("an error is a text as well", () => {
  const outcome = withFirstText({ error: '{"code":-32603,"message":"server \\"a\\": it is stopped"}' });
  expect(JSON.parse("result" in outcome ? outcome.result : "{}")).toEqual({
    content: [{ type: "text", text: 'server "a": it is stopped' }],
    isError: true,
  });
});

test("a long result goes out as it was changed last", () => {
  const content = [
    { ...image, data: "A".repeat(20_000) },
    { type: "text", text: "hello" },
  ];
  const outcome = withFirstText(dressed("modern", "tools/call", { result: JSON.stringify({ content }) }, "{}"));
  const { result } = JSON.parse(textOf(answerOf("1", outcome)));
  expect(result.content[0]).toEqual({ type: "text", text: "hello" });
});
