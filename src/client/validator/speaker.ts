import { version as ownVersion } from "../../lib/version.ts";
import { type Exchange, exchange, resultOf, type Sent } from "./exchange.ts";

export type Era = "legacy" | "modern";
export const modernVersion = "2026-07-28";
export const legacyVersions = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] as const;

const namespace = "io.modelcontextprotocol/";
export const metaKeys = {
  version: `${namespace}protocolVersion`,
  capabilities: `${namespace}clientCapabilities`,
  client: `${namespace}clientInfo`,
  server: `${namespace}serverInfo`,
} as const;

/** Who a request says it is from: us, nobody, or whoever these headers make it. */
export type As = "us" | "nobody" | Record<string, string>;
type More = { headers?: Record<string, string | undefined>; as?: As; timeoutMs?: number };

/** The way to one endpoint, request by request. `heard` is told of every answer. */
export type Wire = {
  url: string;
  /** The header that says who we are, if any does. */
  credential: Record<string, string>;
  send: (request: More & { url?: string; method?: string; body?: string }) => Promise<Exchange>;
};

type WireOptions = {
  url: string;
  credential: Record<string, string>;
  headers: Record<string, string>;
  timeoutMs: number;
  heard?: (exchange: Exchange, sent: Sent) => void;
};

/** Headers that a request sets to undefined are left out. */
export function httpWire({ url, credential, headers: always, timeoutMs: usual, heard }: WireOptions): Wire {
  return {
    url,
    credential,
    async send({ url: other, method = "POST", body, headers = {}, as = "us", timeoutMs = usual }) {
      const who = as === "us" ? credential : as === "nobody" ? {} : as;
      const usualHeaders = {
        accept: method === "GET" ? "text/event-stream" : "application/json, text/event-stream",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      };
      const all = Object.entries({ ...usualHeaders, ...always, ...who, ...headers });
      const given = all.filter((pair): pair is [string, string] => pair[1] !== undefined);
      const sent = { url: other ?? url, method, headers: Object.fromEntries(given) };
      const asked = body === undefined ? sent : { ...sent, body };
      const answer = await exchange(asked, timeoutMs);
      heard?.(answer, asked);
      return answer;
    },
  };
}

/** A conversation in one era, each request as that era writes it unless a probe says otherwise. */
export type Speaker = {
  era: Era;
  version: string;
  /** What it was opened with: the result of `initialize` or of `server/discover`. */
  opening: Exchange;
  session: string | undefined;
  /** The headers of every request in it. */
  headers: (method: string, params?: Params) => Record<string, string>;
  /** The message as this era writes it. */
  message: (method: string, params?: Params, id?: unknown) => Record<string, unknown>;
  request: (method: string, params?: Params, more?: More & { id?: unknown }) => Promise<Exchange>;
  notify: (method: string, params?: Params) => Promise<Exchange>;
};
export type Params = Record<string, unknown>;

export const clientInfo = { name: "mcpctl-test", version: ownVersion };

/** The request that opens a legacy conversation, or with `over` one that should not. */
export function initialize(version: string = legacyVersions[0], over: Params = {}): string {
  const params = { protocolVersion: version, capabilities: {}, clientInfo, ...over };
  return JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params });
}

/** Of a server that will not open a conversation, what it said instead. */
export type Opened = { speaker: Speaker } | { refused: Exchange };

export async function openLegacy(wire: Wire, version: string = legacyVersions[0], as: As = "us"): Promise<Opened> {
  const opening = await wire.send({ as, body: initialize(version) });
  const agreed = resultOf(opening)?.["protocolVersion"];
  if (typeof agreed !== "string") return { refused: opening };
  const session = opening.headers.get("mcp-session-id") ?? undefined;
  const headers = () => ({
    "mcp-protocol-version": agreed,
    ...(session === undefined ? {} : { "mcp-session-id": session }),
  });
  const message = (method: string, params?: Params, id: unknown = 1) => ({
    jsonrpc: "2.0",
    id,
    method,
    ...(params === undefined ? {} : { params }),
  });
  const speaker = speakerOf(wire, { era: "legacy", version: agreed, opening, session, headers, message }, as);
  await speaker.notify("notifications/initialized");
  return { speaker };
}

export async function openModern(wire: Wire): Promise<Opened> {
  const headers = (method: string, params: Params = {}) => {
    const name = params["name"] ?? params["uri"];
    return {
      "mcp-protocol-version": modernVersion,
      "mcp-method": method,
      ...(typeof name === "string" && mirrored.has(method) ? { "mcp-name": name } : {}),
    };
  };
  const message = (method: string, params: Params = {}, id: unknown = 1) => ({
    jsonrpc: "2.0",
    id,
    method,
    params: { ...params, _meta: { ...envelope, ...(params["_meta"] as Params | undefined) } },
  });
  const silent = { status: 0, headers: new Headers(), text: "", messages: [] };
  const half = {
    era: "modern",
    version: modernVersion,
    opening: silent,
    session: undefined,
    headers,
    message,
  } as const;
  const speaker = speakerOf(wire, half, "us");
  const opening = await speaker.request("server/discover");
  const versions = resultOf(opening)?.["supportedVersions"];
  if (!Array.isArray(versions) || !versions.includes(modernVersion)) return { refused: opening };
  return { speaker: { ...speaker, opening } };
}

const mirrored = new Set(["tools/call", "prompts/get", "resources/read"]);
export const envelope = {
  [metaKeys.version]: modernVersion,
  [metaKeys.capabilities]: {},
  [metaKeys.client]: clientInfo,
};

function speakerOf(wire: Wire, half: Omit<Speaker, "request" | "notify">, who: As): Speaker {
  const { headers, message } = half;
  return {
    ...half,
    request: (method, params, { id, headers: more, as = who, ...rest } = {}) =>
      wire.send({
        ...rest,
        as,
        headers: { ...headers(method, params), ...more },
        body: JSON.stringify(message(method, params, id)),
      }),
    notify: (method, params) => {
      const { id: _, ...notification } = message(method, params);
      return wire.send({ as: who, headers: headers(method, params), body: JSON.stringify(notification) });
    },
  };
}
