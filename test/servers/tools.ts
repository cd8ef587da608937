// What the fixture servers can do, over stdio and HTTP alike: raw JSON-RPC without the SDK, so that they can also misbehave.
type Params =
  | { name?: string; uri?: string; arguments?: Record<string, unknown>; protocolVersion?: string }
  | undefined;

const object = (properties: object = {}) => ({ type: "object", properties });

export const tools = [
  {
    name: "echo",
    description: "Says what it is told",
    inputSchema: object({ text: { type: "string" } }),
    annotations: { readOnlyHint: true },
    "x-unknown": { kept: 9 },
  },
  { name: "fail", description: "Always fails", inputSchema: object() },
  { name: "slow", description: "Answers after ms milliseconds", inputSchema: object({ ms: { type: "integer" } }) },
  { name: "big", description: "Answers kib KiB of text", inputSchema: object({ kib: { type: "integer" } }) },
  {
    name: "env",
    description: "The value of an environment variable; PID is that of the process",
    inputSchema: object({ name: { type: "string" } }),
  },
  { name: "odd.name/x", description: "A name that few clients take", inputSchema: object() },
];

const text = (value: string, isError = false) => ({
  content: [{ type: "text", text: value }],
  ...(isError ? { isError } : {}),
});

const AsyncFunction = (async () => {}).constructor as new (code: string) => () => Promise<unknown>;

export async function callTool(name: string, args: Record<string, unknown>): Promise<object | undefined> {
  switch (name) {
    case "echo":
      if (args["ms"] !== undefined) await Bun.sleep(Number(args["ms"]));
      return text(String(args["text"] ?? JSON.stringify(args)));
    case "fail":
      return text("it failed", true);
    case "slow":
      await Bun.sleep(Number(args["ms"]));
      return text("done");
    case "big":
      return text("x".repeat(Number(args["kib"]) * 1024));
    case "env":
      return text(args["name"] === "PID" ? String(process.pid) : (process.env[String(args["name"])] ?? "(not set)"));
    case "odd.name/x":
      return text("odd");
    case "run":
      return await new AsyncFunction(String(args["code"]))().then(
        (value) => text(String(value)),
        (error) => text(String(error), true),
      );
    case "link":
      return { content: [{ type: "resource_link", uri: String(args["uri"]), name: "linked" }] };
    default:
      return undefined;
  }
}

/** The result of a legacy request, or undefined for a method or name that there is not. */
export async function answer(server: string, method: string, params: Params): Promise<object | undefined> {
  switch (method) {
    case "initialize":
      return {
        protocolVersion: params?.protocolVersion ?? "2025-11-25",
        capabilities: { tools: { listChanged: true }, resources: {}, prompts: {}, completions: {} },
        serverInfo: { name: server, version: "1.0.0" },
      };
    case "ping":
      return {};
    case "tools/list":
      return { tools };
    case "tools/call":
      return await callTool(params?.name ?? "", params?.arguments ?? {});
    case "resources/list":
      return {
        resources: [
          { uri: `fixture://${server}/one`, name: "one" },
          { uri: "fixture://shared", name: "shared" },
        ],
      };
    case "resources/templates/list":
      return {
        resourceTemplates: [
          { uriTemplate: `fixture://${server}/by-id/{id}`, name: "by-id" },
          { uriTemplate: "fixture://of-both/{id}", name: "of-both" },
        ],
      };
    case "resources/read":
      return { contents: [{ uri: params?.uri, mimeType: "text/plain", text: `${server} reads ${params?.uri}` }] };
    case "completion/complete":
      return { completion: { values: [`${server} completes`] } };
    case "prompts/list":
      return { prompts: [{ name: "greet", description: "Greets" }] };
    case "prompts/get":
      return params?.name === "greet"
        ? { messages: [{ role: "user", content: { type: "text", text: `hello from ${server}` } }] }
        : undefined;
    default:
      return undefined;
  }
}
