/**
 * What the upstream of the benches answers, in either era: nothing is computed that could be prepared, so that what is measured is what stands in
 * front of it. Tools: `echo` gives its argument back, `give` so many KiB of text or of rows.
 */
const filler = new Map<number, string>();
/** Text as tools give it: words, line breaks and quotes, so that JSON has something to escape. */
export function textOf(kib: number): string {
  const known = filler.get(kib);
  if (known !== undefined) return known;
  const line = 'The quick brown fox jumps over the "lazy" dog.\n';
  const text = JSON.stringify(line.repeat(Math.ceil((kib * 1024) / line.length)).slice(0, kib * 1024));
  filler.set(kib, text);
  return text;
}

const modernVersion = "2026-07-28";
const properties = { text: { type: "string", description: "What to say" }, kib: { type: "integer" } };
const tool = (name: string) => ({
  name,
  description: `The tool ${name}: it does what its name says, takes its time, and tells what became of it in one or two sentences.`,
  inputSchema: { type: "object", properties, required: ["text"] },
  annotations: { readOnlyHint: true },
});

/** So many KiB of small values, as a table has them. */
function rowsOf(kib: number): string {
  const known =
    rows.get(kib) ??
    `[${Array.from({ length: kib * 11 }, (_, n) => `{"n":${n},"name":"row ${n}","isOdd":${n % 2 === 1},"by":["a \\"word\\"",null,1.5]}`).join()}]`;
  rows.set(kib, known);
  return known;
}
const rows = new Map<number, string>();

/** The tools of a server that has so many of them. */
const listOf = (count: number): string =>
  JSON.stringify(Array.from({ length: count }, (_, n) => tool(["echo", "give"][n] ?? `tool_${n}`)));
const lists = new Map<number, string>();

type Message = {
  id?: unknown;
  method?: string;
  params?: { name?: string; arguments?: { text?: string; kib?: number; rows?: boolean } };
};

/** The answer to one message; undefined for what has none. `tools` is how many tools the server has. */
export function answerTo(text: string, tools: number): { method: string; text: string } | undefined {
  const { id, method = "", params } = JSON.parse(text) as Message;
  if (id === undefined) return undefined;
  const isModern = text.includes('"io.modelcontextprotocol/protocolVersion"');
  const type = isModern ? ',"resultType":"complete"' : "";
  const result = resultOf(method, params, tools);
  return {
    method,
    text:
      result === undefined
        ? `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32601,"message":"Method not found"}}`
        : `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{${result}${type}}}`,
  };
}

function resultOf(method: string, params: Message["params"], tools: number): string | undefined {
  if (method === "tools/call") {
    const { text = "", kib, rows } = params?.arguments ?? {};
    if (kib !== undefined && rows === true) return `"content":[],"structuredContent":{"rows":${rowsOf(kib)}}`;
    return `"content":[{"type":"text","text":${kib === undefined ? JSON.stringify(text) : textOf(kib)}}]`;
  }
  if (method === "tools/list") {
    if (!lists.has(tools)) lists.set(tools, listOf(tools));
    return `"tools":${lists.get(tools)}`;
  }
  if (method === "initialize")
    return '"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"bench","version":"1"}';
  if (method === "server/discover") return `"supportedVersions":["${modernVersion}"],"capabilities":{"tools":{}}`;
  return method === "ping" ? "" : undefined;
}
