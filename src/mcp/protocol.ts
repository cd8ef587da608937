/** The revisions mcpctl speaks, and the words of the wire (reference/protocol.md §1). */
export const modernVersion = "2026-07-28";
export const legacyVersions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] as const;
export const newestLegacy = legacyVersions[0];
/** The same list stands in `server/discover` and in the data of `-32022`: the suite compares them. */
export const supportedVersions = [modernVersion, ...legacyVersions] as const;

export type Era = "legacy" | "modern";

const namespace = "io.modelcontextprotocol/";
export const metaKeys = {
  protocolVersion: `${namespace}protocolVersion`,
  clientInfo: `${namespace}clientInfo`,
  clientCapabilities: `${namespace}clientCapabilities`,
  logLevel: `${namespace}logLevel`,
  serverInfo: `${namespace}serverInfo`,
  subscriptionId: `${namespace}subscriptionId`,
} as const;

/** Keys of `_meta` that speak about one hop only and are never passed on. */
export const isHopKey = (key: string): boolean => key.startsWith(namespace);

export const codes = {
  /** Goes with HTTP 429 or 503: the request was sent nowhere, and may be sent again. */
  busy: -32000,
  parse: -32700,
  invalidRequest: -32600,
  unknownMethod: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** Goes with HTTP 404, by which a legacy client learns that it must initialize anew. */
  unknownSession: -32001,
  /** Of the legacy era; in the modern one it is `invalidParams`. */
  resourceNotFound: -32002,
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
} as const;

/** Which parameter a modern client mirrors in the `Mcp-Name` header. */
export const mirroredParameter: Record<string, string> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

/** The extension by which a call answers with a task (reference/protocol.md §1.11). */
export const tasksExtension = `${namespace}tasks`;

/** Results that must say how long and for whom they may be kept (modern only). */
export const cacheable = new Set([
  "server/discover",
  "tools/list",
  "prompts/list",
  "resources/list",
  "resources/templates/list",
  "resources/read",
]);
