import { describe, expect, test } from "bun:test";
import type { Outcome } from "../../src/mcp/answers.ts";
import { answerOf, textOf } from "../../src/mcp/downstream/answer.ts";
import { dressed, dressedTool } from "../../src/mcp/downstream/dress.ts";
import { response } from "../../src/mcp/json-rpc.ts";
import { membersOf } from "../../src/mcp/spans.ts";

const result = (outcome: Outcome) => JSON.parse("result" in outcome ? outcome.result : outcome.error);
const info = { name: "demo" };
const server = JSON.stringify(info);

describe("for a modern client", () => {
  test("a result says of what kind it is, and lists and readings how long they may be kept, for this caller alone", () => {
    const list = result(dressed("modern", "tools/list", { result: '{"tools":[]}', ttlMs: 7 }, server));
    expect([list.resultType, list.ttlMs, list.cacheScope]).toEqual(["complete", 7, "private"]);
    const call = result(dressed("modern", "tools/call", { result: '{"content":[],"_meta":{"a":1}}' }, server));
    expect([call.resultType, call.ttlMs]).toEqual(["complete", undefined]);
    expect(call._meta).toEqual({ a: 1, "io.modelcontextprotocol/serverInfo": info });
  });

  test("what was measured while it was read holds for that text alone", () => {
    const read = { text: '{"_meta":{"a":1}}', members: membersOf('{"_meta":{"a":1}}') };
    const same = result(dressed("modern", "tools/call", { result: read.text, read }, server));
    expect(same._meta.a).toBe(1);
    const other = result(dressed("modern", "tools/call", { result: '{"b":2}', read }, server));
    expect(other).toEqual({ b: 2, resultType: "complete", _meta: { "io.modelcontextprotocol/serverInfo": info } });
  });

  test("what was asked may not be kept, and an unknown resource has the code of what is unknown", () => {
    const asked = { result: '{"inputRequests":{}}', type: "input_required" } as const;
    expect(result(dressed("modern", "resources/read", asked, server))).toMatchObject({
      resultType: "input_required",
    });
    expect(result(dressed("modern", "resources/read", asked, server)).ttlMs).toBeUndefined();
    const unknown = { error: '{"code":-32002,"message":"no","data":{"uri":"a:b"}}' };
    expect(result(dressed("modern", "resources/read", unknown, server))).toMatchObject({
      code: -32602,
      data: { uri: "a:b" },
    });
  });

  test("a method that there is not is 404", () => {
    const outcome = dressed("modern", "ping", { error: '{"code":-32601,"message":"no"}' }, server);
    expect("error" in outcome && outcome.status).toBe(404);
  });
});

describe("for a legacy client", () => {
  test("structured content that is no object goes under one key, and so does its schema", () => {
    const call = dressed("legacy", "tools/call", { result: '{"content":[],"structuredContent":[1,2]}' }, server);
    expect(result(call).structuredContent).toEqual({ result: [1, 2] });
    const tool = JSON.parse(
      dressedTool("legacy", '{"name":"a","outputSchema":{"type":"array","items":{"type":"number"}}}'),
    );
    expect(tool.outputSchema).toMatchObject({ type: "object", required: ["result"] });
    expect(tool.outputSchema.properties.result).toEqual({ type: "array", items: { type: "number" } });
    const object = '{"name":"a","outputSchema":{"type":"object"}}';
    expect([dressedTool("legacy", object), dressedTool("modern", object)]).toEqual([object, object]);
  });

  test("an unknown resource of a modern server has the code of the era", () => {
    const unknown = { error: '{"code":-32602,"message":"no","data":{"uri":"a:b"}}' };
    expect(result(dressed("legacy", "resources/read", unknown, server)).code).toBe(-32002);
    expect(result(dressed("legacy", "resources/read", { error: '{"code":-32602,"message":"no"}' }, server)).code).toBe(
      -32602,
    );
  });

  test("what it cannot know is an error, never silence", () => {
    const task = { result: '{"taskId":"1"}', type: "task" } as const;
    expect(result(dressed("legacy", "tools/call", task, server)).message).toContain("task");
  });
});

test("what a tool says of the tasks of 2025-11-25 is left out", () => {
  const tool = '{"name":"a","execution":{"taskSupport":"required"},"x":1}';
  for (const era of ["legacy", "modern"] as const) expect(dressedTool(era, tool)).toBe('{"name":"a","x":1}');
});

test("a long result goes out in pieces that say what it would as one text", () => {
  const content = `[{"type":"text","text":"${"x".repeat(20_000)}"}]`;
  for (const result of [`{"content":${content}}`, `{"content":${content},"_meta":{"a":1}}`]) {
    for (const era of ["modern", "legacy"] as const) {
      const told = dressed(era, "tools/call", { result }, `{"name":"x"}`);
      const answer = answerOf('"a"', told);
      expect(typeof answer).toBe("object");
      expect(textOf(answer)).toBe(response('"a"', told));
      expect(JSON.parse(textOf(answer)).result).toMatchObject(JSON.parse(result));
    }
  }
});
