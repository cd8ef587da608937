// All that a gateway has to carry without looking at it: words, numbers and kinds of content that it does not know.

/** A number as few readers keep it. */
const exact = (text: string): unknown => (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON(text);

const icons = [{ src: "data:image/png;base64,AA==", mimeType: "image/png", sizes: ["48x48"], theme: "dark" }];
const odd = { z: 1, a: [exact("1.0"), exact("12345678901234567890"), exact("-0")], text: "\u2028é/\ud83d\ude00" };

/** A tool with a page of its own (MCP Apps). */
export const richTool = (server: string) => ({
  name: "rich",
  title: "Rich",
  description: "Answers with all there is",
  icons,
  inputSchema: { type: "object", properties: { n: { type: "integer", "x-odd": odd } } },
  outputSchema: { type: "object", properties: { exact: { type: "number" } }, required: ["exact"] },
  annotations: { title: "Rich", readOnlyHint: true, idempotentHint: true, "x-hint": odd },
  _meta: { ui: { resourceUri: page(server).uri, visibility: ["model", "app"] }, "example.com/odd": odd },
  "x-odd": odd,
});

export const listedTool = {
  name: "listed",
  inputSchema: { type: "object" },
  outputSchema: { type: "array", items: { type: "number" } },
};

/** What stands under these keys comes to the client as it is. */
export const richContent = [
  { type: "text", text: "rich", annotations: { audience: ["user"], priority: exact("0.50"), "x-odd": odd } },
  { type: "resource_link", uri: "https://example.com/", name: "link", icons, size: exact("12345678901234567890") },
  { type: "hologram", depth: odd },
];
export const richStructure = { exact: exact("1.50"), odd };
export const richMeta = {
  traceparent: "00-22222222222222222222222222222222-2222222222222222-01",
  "example.com/odd": odd,
};

export const rich = (hop: object) => ({
  content: richContent,
  structuredContent: richStructure,
  _meta: { ...richMeta, ...hop },
  "x-odd": odd,
});

export const page = (server: string) => ({
  uri: `ui://${server}/page`,
  mimeType: "text/html;profile=mcp-app",
  text: "<!doctype html><title>page</title>",
  _meta: { ui: { csp: { connectDomains: ["https://example.com"] }, prefersBorder: true }, "example.com/odd": odd },
});
