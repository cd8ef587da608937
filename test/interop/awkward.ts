import { serveMessages } from "../servers/message-server.ts";

/** An MCP server (legacy, no sessions) of which everything is valid and most is a trap for vLLM: its schemas at start, its results later. */
export const awkwardTools = [
  {
    name: "references",
    description: "A model whose fields are optional, as pydantic writes it",
    inputSchema: {
      type: "object",
      title: "References",
      $defs: { Place: { type: "object", properties: { city: { type: "string" } } }, Colour: { enum: ["red", "blue"] } },
      properties: {
        place: { anyOf: [{ $ref: "#/$defs/Place" }, { type: "null" }], default: null, title: "Place" },
        colour: { anyOf: [{ $ref: "#/$defs/Colour" }, { const: "any" }] },
        deep: { type: "object", properties: { count: { anyOf: [{ type: "integer" }, { enum: [1.5] }] } } },
      },
    },
  },
  { name: "anything", description: "A property of any type", inputSchema: { type: "object", properties: { x: true } } },
  { name: "undescribed", inputSchema: { type: "object" } },
  { name: "dotted.name", description: "A name that harmony cuts at its dot", inputSchema: { type: "object" } },
  { name: "picture", description: "Answers with a picture first", inputSchema: { type: "object" } },
  { name: "nothing", description: "Answers with no block at all", inputSchema: { type: "object" } },
  {
    name: "structured",
    description: "Answers with structured content alone",
    inputSchema: { type: "object" },
    outputSchema: { type: "object", properties: { degrees: { type: "number" } } },
  },
  { name: "failing", description: "Fails, and says so in text", inputSchema: { type: "object" } },
];

const image = { type: "image", mimeType: "image/png", data: "iVBORw0KGgo=" };
const results: Record<string, object> = {
  picture: { content: [image, { type: "text", text: "a picture of nothing" }] },
  nothing: { content: [] },
  structured: { content: [], structuredContent: { degrees: 21 } },
  failing: { content: [{ type: "text", text: "no such city" }], isError: true },
};

export function startAwkward() {
  const calls: string[] = [];
  const server = serveMessages(({ method, params }) => {
    const name = params?.name ?? "";
    if (method === "tools/call") calls.push(name);
    const result = method === "tools/call" ? results[name] : fixed[method];
    return result === undefined ? { error: { code: -32601, message: `no ${method} ${name}` } } : { result };
  });
  return { ...server, calls };
}

const fixed: Record<string, object> = {
  initialize: {
    protocolVersion: "2025-06-18",
    capabilities: { tools: {} },
    serverInfo: { name: "awkward", version: "1.0.0" },
  },
  ping: {},
  "tools/list": { tools: awkwardTools },
};
