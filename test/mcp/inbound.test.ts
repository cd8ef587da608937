import { describe, expect, test } from "bun:test";
import { judge } from "../../src/mcp/downstream/inbound.ts";
import { metaKeys, supportedVersions } from "../../src/mcp/protocol.ts";

const envelope = { [metaKeys.protocolVersion]: "2026-07-28", [metaKeys.clientCapabilities]: {} };
const call = (params: object = {}) =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "a", ...params } });
const modernHeaders = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "a" };

function outcome(body: string, headers: Record<string, string> = {}) {
  const judged = judge(body, new Headers(headers));
  if ("inbound" in judged) return judged.inbound.era;
  if (!("error" in judged.refusal)) throw new Error("a refusal is an error");
  return [judged.refusal.status, (JSON.parse(judged.refusal.error) as { code: number }).code];
}

test("the body says the era, the header comes second", () => {
  expect(outcome(call())).toBe("legacy");
  expect(outcome(call(), { "mcp-protocol-version": "2025-06-18" })).toBe("legacy");
  expect(outcome(call({ _meta: envelope }), modernHeaders)).toBe("modern");
});

test.each([
  ['"id":1,"method":"ping","Method":"x"', "another spelling"],
  ['"id":1.5,"method":"ping"', "neither a string nor an integer"],
  ['"id":1,"method":"ping","params":[]', "params is not an object"],
  ['"id":1', "not a JSON-RPC 2.0 message"],
])("a refusal of %s says what is wrong", (members, what) => {
  const judged = judge(`{"jsonrpc":"2.0",${members}}`, new Headers());
  expect(JSON.stringify(judged)).toContain(what);
});

describe("refusals, with the status and code of reference/protocol.md §1.4", () => {
  const rows: [string, string, Record<string, string>, [number, number]][] = [
    ["not JSON", "{", {}, [400, -32700]],
    ["empty", "", {}, [400, -32700]],
    ["a batch", `[${call()}]`, {}, [400, -32600]],
    ["a string", '"x"', {}, [400, -32600]],
    ["no jsonrpc", '{"id":1,"method":"ping"}', {}, [400, -32600]],
    ["a null id", '{"jsonrpc":"2.0","id":null,"method":"ping"}', {}, [400, -32600]],
    ["an id as long as a book", `{"jsonrpc":"2.0","id":"${"x".repeat(1_024)}","method":"ping"}`, {}, [400, -32600]],
    ["a fraction as id", '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', {}, [400, -32600]],
    ["params that are a list", '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', {}, [400, -32600]],
    ["a key twice", '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', {}, [400, -32600]],
    ["a key in another case", '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}', {}, [400, -32600]],
    [
      "a name twice",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","name":"danger"}}',
      {},
      [400, -32600],
    ],
    [
      "a name in another case",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","NAME":"danger"}}',
      {},
      [400, -32600],
    ],
    [
      "a Kelvin sign for k",
      '{"jsonrpc":"2.0","id":1,"method":"x","params":{"to\u212Aen":1,"name":"a","\\u006eame":"b"}}',
      {},
      [400, -32600],
    ],
    [
      "depth",
      `{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":${"[".repeat(70)}${"]".repeat(70)}}}`,
      {},
      [400, -32600],
    ],
    [
      "a key twice deep in the arguments",
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"b":[{"c":1,"\\u0063":2}]}}}',
      {},
      [400, -32600],
    ],
    [
      "a completion that names two prompts",
      '{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"a","Name":"b"}}}',
      {},
      [400, -32600],
    ],
    ["a key that ends at NUL", '{"jsonrpc":"2.0","id":1,"method":"ping","method\\u0000":"x"}', {}, [400, -32600]],
    ["a dotless i", '{"jsonrpc":"2.0","id":1,"ıd":2,"method":"ping"}', {}, [400, -32600]],
    ["snake case", call({ request_state: "x" }), {}, [400, -32600]],
    ["a prototype", call({ ["__proto__"]: { name: "b" } }), {}, [400, -32600]],
    ["a request that is an answer too", '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}', {}, [400, -32600]],
    ["an answer of both kinds", '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', {}, [400, -32600]],
    ["an answer to nothing", '{"jsonrpc":"2.0","result":{}}', {}, [400, -32600]],
    ["_meta that is a list", call({ _meta: ["a"] }), {}, [400, -32602]],
    ["more keys than anybody needs", call({ arguments: { ...Array(10_001).fill(0) } }), {}, [400, -32600]],
    ["an unknown legacy version", call(), { "mcp-protocol-version": "1999-01-01" }, [400, -32600]],
    ["a modern header without an envelope", call(), modernHeaders, [400, -32602]],
    [
      "initialize under a modern header",
      '{"jsonrpc":"2.0","id":1,"method":"initialize"}',
      modernHeaders,
      [400, -32020],
    ],
    [
      "an envelope without version",
      call({ _meta: { [metaKeys.clientCapabilities]: {} } }),
      modernHeaders,
      [400, -32602],
    ],
    [
      "an envelope without capabilities",
      call({ _meta: { [metaKeys.protocolVersion]: "2026-07-28" } }),
      modernHeaders,
      [400, -32602],
    ],
    [
      "a version nobody serves",
      call({ _meta: { ...envelope, [metaKeys.protocolVersion]: "2030-01-01" } }),
      {},
      [400, -32022],
    ],
    [
      "a version header that differs",
      call({ _meta: envelope }),
      { ...modernHeaders, "mcp-protocol-version": "2025-06-18" },
      [400, -32020],
    ],
    ["no method header", call({ _meta: envelope }), { "mcp-protocol-version": "2026-07-28" }, [400, -32020]],
    [
      "a method header that differs",
      call({ _meta: envelope }),
      { ...modernHeaders, "mcp-method": "tools/list" },
      [400, -32020],
    ],
    ["a name header that differs", call({ _meta: envelope }), { ...modernHeaders, "mcp-name": "safe" }, [400, -32020]],
    [
      "a broken base64 name",
      call({ _meta: envelope }),
      { ...modernHeaders, "mcp-name": "=?base64?YQ?=" },
      [400, -32020],
    ],
  ];
  test.each(rows)("%s", (_, body, headers, expected) => {
    expect(outcome(body, headers)).toEqual(expected);
  });
});

test("a name that ASCII cannot hold comes base64-encoded", () => {
  const name = "grüße";
  const headers = { ...modernHeaders, "mcp-name": `=?base64?${Buffer.from(name).toString("base64")}?=` };
  expect(outcome(call({ name, _meta: envelope }), headers)).toBe("modern");
});

test("arguments laid out over several lines are one line on the way on: a line is a message to a server on stdio", () => {
  const smuggled = '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"closed"}}';
  const judged = judge(`{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":\r\n  ${smuggled}\r}}`, new Headers());
  expect("inbound" in judged && judged.inbound.paramsText).toBe(`{"a":    ${smuggled} }`);
});

test("the versions offered in the refusal are the ones discover advertises", () => {
  const judged = judge(call({ _meta: { ...envelope, [metaKeys.protocolVersion]: "x" } }), new Headers());
  if (!("refusal" in judged) || !("error" in judged.refusal)) throw new Error("expected a refusal");
  expect((JSON.parse(judged.refusal.error) as { data: { supported: string[] } }).data.supported).toEqual([
    ...supportedVersions,
  ]);
});

test("an id comes back as it was written", () => {
  const judged = judge('{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}', new Headers());
  expect("inbound" in judged && judged.inbound.id).toBe("9007199254740993");
});
