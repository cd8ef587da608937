import { describe, expect, spyOn, test } from "bun:test";
import { inTurns } from "../../src/lib/share.ts";
import { type Bones, Boning } from "../../src/mcp/bones.ts";
import { sentOn } from "../../src/mcp/downstream/exchange.ts";
import { type Inbound, judge } from "../../src/mcp/downstream/inbound.ts";
import { judgeLong } from "../../src/mcp/downstream/long.ts";
import { nestedCall } from "../../src/mcp/downstream/nested.ts";
import { callRecord } from "../../src/mcp/downstream/record.ts";
import { request } from "../../src/mcp/json-rpc.ts";
import { onOneLine, wholeOf } from "../../src/mcp/params.ts";
import type { Admission, Visit } from "../../src/mcp/visit.ts";
import { projectLimitsOf } from "../../src/resources/limits.ts";

async function bonesOf(text: string, size = 1_000): Promise<Bones> {
  const bytes = Buffer.from(text);
  const boning = new Boning();
  for (let at = 0; at < bytes.length; at += size) boning.add(Buffer.from(bytes.subarray(at, at + size)));
  return await inTurns(boning.bones());
}

const long = 'A "word" \\ of 字 and 😀\n'.repeat(400);
const call = (params: string) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
const judgedOf = async (text: string, size?: number) =>
  await judgeLong(await bonesOf(text, size), new Headers(), projectLimitsOf({}));

async function letIn(text: string, size?: number): Promise<Inbound> {
  const judged = await judgedOf(text, size);
  if ("refusal" in judged) throw new Error(JSON.stringify(judged.refusal));
  return judged.inbound;
}

describe.each([1, 7, 4_096, 1_000_000])("in pieces of %d bytes", (size) => {
  test("long strings deep within are left out, and nothing is lost", async () => {
    const text = call(JSON.stringify({ name: "x", arguments: { text: long, list: [long, "short", { [long]: 1 }] } }));
    const bones = await bonesOf(text, size);
    expect(bones.whole()).toBe(text);
    expect(JSON.parse(bones.text).params.arguments).toEqual({ text: "", list: ["", "short", { [long]: 1 }] });
  });

  test("what a message is judged by is not", async () => {
    const text = JSON.stringify({ jsonrpc: long, id: long, method: long, params: { name: long, uri: long } });
    expect((await bonesOf(text, size)).text).toBe(text);
  });

  test.each(["\\x", "\\u12g4", "\\u12", "\n", "\u0001"])(
    "a string with %j is left for the parser to refuse",
    async (wrong) => {
      const bones = await bonesOf(
        call(`{"arguments":{"text":"${"x".repeat(5_000)}${wrong}${"x".repeat(5_000)}"}}`),
        size,
      );
      expect(() => JSON.parse(bones.text)).toThrow();
    },
  );

  test("what is laid out over several lines is on one, with everything where it was", async () => {
    const text = JSON.stringify({ params: { arguments: { a: 1, text: long } } }, null, 2);
    const bones = await bonesOf(text, size);
    expect(bones.whole()).toBe(text.replace(/\n/g, " "));
  });

  test("a call goes on as it came", async () => {
    const args = JSON.stringify({ n: 0, text: long, more: [long, "字"] }).replace('"n":0', '"n":9007199254740993');
    const inbound = await letIn(call(`{"name":"x","arguments":${args},"_meta":{"progressToken":7}}`), size);
    expect(wholeOf(paramsOf(inbound))).toBe(`{"name":"y","arguments":${args}}`);
    expect(inbound.params["arguments"]).toEqual(JSON.parse(args));
    expect(inbound.paramsText).toBe(`{"name":"x","arguments":${args},"_meta":{"progressToken":7}}`);
    expect(inbound.size).toBe(Buffer.byteLength(inbound.paramsText));
  });
});

test("long arguments that stand alone are all there is", async () => {
  const args = JSON.stringify({ text: long });
  const inbound = await letIn(call(`{"arguments":${args}}`));
  expect(wholeOf(request(1, "tools/call", sentOn(inbound, {})))).toBe(
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":${args}}}`,
  );
});

function paramsOf(inbound: Inbound) {
  const params = sentOn(inbound, { name: '"y"' });
  return typeof params === "string" ? params : params.between("", "");
}

test("a call is recorded with as many bytes, whether its length was known before it came or not", async () => {
  const text = call(JSON.stringify({ name: "x", arguments: { text: long, more: "字" } }));
  const judged = judge(text, new Headers());
  if ("refusal" in judged) throw new Error("it was refused");
  const admission = { project: { fields: {} } } as Admission;
  const sizes = [judged.inbound, await letIn(text)].map(
    (inbound) => callRecord(admission, inbound, undefined, false, { result: "{}" }, 1).requestBytes,
  );
  expect(sizes).toEqual(Array(2).fill(Buffer.byteLength(text) - Buffer.byteLength(call(""))));
});

test("long arguments are parsed once, and not at all for a call that is made within theirs", async () => {
  const inbound = await letIn(call(JSON.stringify({ name: "x", arguments: { text: long } })));
  const parse = spyOn(JSON, "parse");
  const visit = { admission: { project: { fields: {} } } } as Visit;
  const nested = nestedCall(inbound, "y", '{"a":1}', visit);
  expect(parse).toHaveBeenCalledTimes(1);
  parse.mockRestore();
  expect("inbound" in nested && nested.inbound.params).toEqual({ name: "y", arguments: { a: 1 } });
  expect(inbound.params["arguments"]).toEqual({ text: long });
  expect(inbound.params["arguments"]).toBe(inbound.params["arguments"]);
});

test("where anything but arguments was left out, all of it is judged", async () => {
  const said = { content: [{ type: "text", text: long }] };
  const answer = await letIn(JSON.stringify({ jsonrpc: "2.0", id: 1, result: said }));
  expect(answer.answer).toEqual({ result: JSON.stringify(said) });
  const inbound = await letIn(call(JSON.stringify({ name: "x", arguments: { a: long }, _meta: { a: long } })));
  expect(inbound.meta).toEqual({ a: long });
  expect(inbound.long).toBeUndefined();
});

test.each(["\u2028", "\u2029"])("a server on stdio is sent no %j, however it is cut", async (end) => {
  const text = `${"“x”".repeat(3_000)}${end}${"x".repeat(3_000)}`;
  for (const size of [1, 2, 3, 1_000, 100_000]) {
    const params = sentOn(await letIn(call(JSON.stringify({ name: "x", arguments: { text } })), size), {});
    const sent = wholeOf(onOneLine(request(7, "tools/call", params)));
    expect(sent).not.toContain(end);
    expect(JSON.parse(sent).params.arguments).toEqual({ text });
  }
});

test("another place that reads like the parameters is not taken for them", async () => {
  const params = (text: string) => JSON.stringify({ name: "x", arguments: { text } });
  const text = call("P").replace('"params":P', () => `"x":${params(long)},"params":${params("")}`);
  expect((await letIn(text)).params["arguments"]).toEqual({ text: "" });
});

test("a key that is written twice is found, however long it is", async () => {
  const twice = call(`{"arguments":{"${"k".repeat(5_000)}":1,"${"k".repeat(5_000)}":"${"x".repeat(5_000)}"}}`);
  expect(JSON.stringify(await judgedOf(twice))).toContain("a key twice");
  expect("inbound" in (await judgedOf(twice.replace("kk", "kj")))).toBe(true);
});

test("as many pieces as there are bytes are no more than it can do", async () => {
  const [deep, shallow] = [new Boning(), new Boning()];
  deep.add(Buffer.from('{"params":{"arguments":{"text":"'));
  shallow.add(Buffer.from('{"method":"'));
  const one = Buffer.from("x");
  for (let n = 0; n < 1_100_000; n++) for (const boning of [deep, shallow]) boning.add(one);
  deep.add(Buffer.from('"}}}'));
  shallow.add(Buffer.from('"}'));
  const bones = await inTurns(deep.bones());
  expect(bones.pieces(0, bones.text.length).length).toBeGreaterThan(1_100_000);
}, 60_000);
