import {
  Client,
  ProtocolError,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { isObject } from "../lib/object.ts";
import { messageOf } from "../lib/problem.ts";
import { within } from "../lib/wait.ts";
import { type Program, started } from "./sdk-stdio.ts";

/** An era, or one revision of it. */
export type Protocol = "auto" | "legacy" | "modern" | `${number}-${number}-${number}`;
export type Tool = {
  name: string;
  description?: string | undefined;
  inputSchema: unknown;
  outputSchema?: unknown;
  annotations?: Record<string, unknown> | undefined;
};
/** A server that a gateway such as ours could not ask, in its own words: what it offers is not in the list, or old. */
export type Missing = { server: string; reason: string };
export type ToolResult = { isError: boolean; text: string; structured: unknown };
/** What else a server lists, by what must be no other's. */
export type Listed = { kind: string; keys: string[] };

/** One connection to somebody's MCP endpoint. */
export type McpConnection = {
  protocolVersion: string;
  era: string;
  serverInfo: { name: string; version: string } | undefined;
  transport: Transport;
  /** What the server says that it has. */
  capabilities: Record<string, unknown>;
  tools: () => Promise<{ tools: Tool[]; missing: Missing[] }>;
  /** Resources, templates and prompts, as far as it says that it has them. */
  others: () => Promise<Listed[]>;
  call: (name: string, args: Record<string, unknown>) => Promise<ToolResult>;
  close: () => Promise<void>;
};

export type Transport = "streamable-http" | "sse" | "stdio";

export type McpTarget = {
  /** Of a server that is reached over HTTP. */
  url: string;
  /** Of one that is a program. */
  program?: Program | undefined;
  transport: Transport;
  headers: Record<string, string>;
  protocol: Protocol;
  timeoutMs: number;
  version: string;
};

/** A failure in the validator's three words; `status` when HTTP said it. */
export class McpFailure extends Error {
  readonly kind: "transport" | "authentication" | "contract";
  constructor(kind: McpFailure["kind"], message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

const modern = "2026-07-28";
const bounds = { pages: 100, tools: 10_000, missing: 100, bodyBytes: 64 * 1024 * 1024, goodbyeMs: 1_000 } as const;

/** Connects with the official client, the only place that knows it. Each step has `timeoutMs` in all. @throws McpFailure */
export async function connectMcp(target: McpTarget): Promise<McpConnection> {
  const { transport: kind, protocol, timeoutMs, version } = target;
  const negotiation = { ...negotiationOf(protocol, timeoutMs), listMaxPages: bounds.pages };
  const client = new Client({ name: "mcpctl-test", version }, negotiation);
  const { transport, goodbye } = await transportOf(target);
  const options = () => ({ timeout: timeoutMs, signal: AbortSignal.timeout(timeoutMs) });
  const close = async () => {
    await within(
      bounds.goodbyeMs,
      goodbye().catch(() => {}),
    );
    await client.close().catch(() => {});
  };
  try {
    await translated("transport", timeoutMs, () => client.connect(transport, options()));
  } catch (error) {
    await client.close().catch(() => {});
    throw error;
  }
  return {
    protocolVersion: client.getNegotiatedProtocolVersion() ?? "unknown",
    era: client.getProtocolEra() ?? "legacy",
    serverInfo: client.getServerVersion(),
    transport: kind,
    capabilities: client.getServerCapabilities() ?? {},
    tools: () => translated("contract", timeoutMs, () => allTools(client, options())),
    others: () => translated("contract", timeoutMs, () => allOthers(client, options())),
    call: (name, args) => translated("contract", timeoutMs, () => callTool(client, name, args, options())),
    close,
  };
}

function negotiationOf(protocol: Protocol, timeoutMs: number) {
  if (protocol === "modern" || protocol === modern)
    return { versionNegotiation: { mode: { pin: modern }, probe: { timeoutMs } } };
  if (protocol === "auto" || protocol === "legacy")
    return { versionNegotiation: { mode: protocol, probe: { timeoutMs } } };
  return { versionNegotiation: { mode: "legacy" as const }, supportedProtocolVersions: [protocol] };
}

async function transportOf({ url, program, transport, headers }: McpTarget) {
  if (program !== undefined) return { transport: started(program), goodbye: async () => {} };
  if (transport === "sse") {
    const made = new SSEClientTransport(new URL(url), { requestInit: { headers }, fetch: boundedFetch });
    return { transport: made, goodbye: async () => {} };
  }
  const made = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers }, fetch: boundedFetch });
  return { transport: made, goodbye: () => made.terminateSession() };
}

type Options = { timeout: number; signal: AbortSignal };

async function allTools(client: Client, options: Options): Promise<{ tools: Tool[]; missing: Missing[] }> {
  const { tools, _meta } = await client.listTools(undefined, options);
  if (tools.length > bounds.tools) throw new McpFailure("contract", `it lists more than ${bounds.tools} tools`);
  return { tools, missing: missingIn(_meta?.["mcpctl/missing"]) };
}

/** Nothing holds a server to this shape. */
function missingIn(said: unknown): Missing[] {
  if (!Array.isArray(said)) return [];
  return said.slice(0, bounds.missing).flatMap((one: unknown) => {
    const { server, reason } = isObject(one) ? one : {};
    return typeof server === "string" && typeof reason === "string" ? [{ server, reason }] : [];
  });
}

async function callTool(
  client: Client,
  name: string,
  args: Record<string, unknown>,
  options: Options,
): Promise<ToolResult> {
  const result = await client.callTool({ name, arguments: args }, options);
  const texts = (result.content ?? []).flatMap((block) => (block.type === "text" ? [block.text] : [`[${block.type}]`]));
  return { isError: result.isError === true, text: texts.join("\n"), structured: result.structuredContent };
}

async function allOthers(client: Client, options: Options): Promise<Listed[]> {
  const { resources, prompts } = client.getServerCapabilities() ?? {};
  const found: Listed[] = [];
  if (resources !== undefined) {
    const listed = await client.listResources(undefined, options);
    found.push({ kind: "resources", keys: listed.resources.map(({ uri }) => uri) });
    const templates = await client.listResourceTemplates(undefined, options).catch(unlessUnknown);
    if (templates !== undefined)
      found.push({ kind: "templates", keys: templates.resourceTemplates.map(({ uriTemplate }) => uriTemplate) });
  }
  if (prompts !== undefined) {
    const listed = await client.listPrompts(undefined, options);
    found.push({ kind: "prompts", keys: listed.prompts.map(({ name }) => name) });
  }
  return found;
}

/** No templates is a server's right, resources or not. */
function unlessUnknown(error: unknown): undefined {
  if (error instanceof ProtocolError && error.code === -32601) return undefined;
  throw error;
}

/** The client library reads bodies whole, so a server that never stops talking is stopped here. */
async function boundedFetch(input: string | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  if (response.body === null) return response;
  let left = bounds.bodyBytes;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      left -= chunk.length;
      if (left < 0) throw new McpFailure("contract", `an answer is over ${bounds.bodyBytes / 1024 / 1024} MiB`);
      controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(counted), { status, statusText, headers });
}

/** `otherwise` is what a failure means that does not say more of itself: before connecting the way is to blame, afterwards the server. */
async function translated<T>(
  otherwise: "transport" | "contract",
  timeoutMs: number,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof McpFailure) throw error;
    const status = error instanceof SdkHttpError ? error.status : undefined;
    const kind = kindOf(error, status) ?? otherwise;
    throw new McpFailure(kind, wordsFor(error, status, timeoutMs), error);
  }
}

const cutOff = new Set<string>([
  SdkErrorCode.RequestTimeout,
  SdkErrorCode.ConnectionClosed,
  SdkErrorCode.SendFailed,
  SdkErrorCode.NotConnected,
]);

/** By class and code, never by words: a JSON-RPC error that speaks of "HTTP 401" or "timeout" is still the server's answer. */
function kindOf(error: unknown, status: number | undefined): McpFailure["kind"] | undefined {
  if (error instanceof ProtocolError) return "contract";
  if (error instanceof SdkError && error.code === SdkErrorCode.InvalidResult) return "contract";
  if (error instanceof UnauthorizedError || status === 401 || status === 403) return "authentication";
  if (status !== undefined && (status >= 500 || status === 404)) return "transport";
  if (isTimeout(error)) return "transport";
  if (error instanceof SdkError) return cutOff.has(error.code) ? "transport" : undefined;
  // What fetch throws when a connection breaks.
  return typeof (error as { code?: unknown }).code === "string" ? "transport" : undefined;
}

const isTimeout = (error: unknown): boolean =>
  (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout) ||
  /^(Timeout|Abort)Error$/.test(String((error as { name?: unknown }).name));

function wordsFor(error: unknown, status: number | undefined, timeoutMs: number): string {
  if (isTimeout(error)) return `no answer within ${timeoutMs / 1000} s`;
  if (error instanceof UnauthorizedError) return "HTTP 401: the server refuses the credential";
  if (error instanceof ProtocolError) return `error ${error.code}: ${error.message}`;
  const text = messageOf(error);
  const [, where, issues] = /^(Invalid result for \S+): (\[.*)$/s.exec(text) ?? [];
  if (where !== undefined && issues !== undefined) return `${where}: ${readable(issues)}`;
  return status === undefined ? text : `HTTP ${status}: ${text}`;
}

/** The schema library's issues, which are JSON, as `tools/1/inputSchema/type: expected "object"`. */
function readable(issues: string): string {
  try {
    const list = JSON.parse(issues) as { path?: readonly (string | number)[]; message?: string }[];
    const shown = list.slice(0, 5).map(({ path = [], message }) => `${path.join("/")}: ${message}`);
    return shown.join("; ") + (list.length > 5 ? `; and ${list.length - 5} more` : "");
  } catch {
    return issues;
  }
}
