import { type Exchange, errorOf, inShort, type Message, resultOf, withCode } from "../exchange.ts";
import { capabilitiesOf, isServed } from "../ground.ts";
import { NotHere, type Requirement, tried } from "../row.ts";
import { envelope, metaKeys, modernVersion, type Speaker, type Wire } from "../speaker.ts";

const base = "2026-07-28 basic";
const http = "2026-07-28 basic/transports/streamable-http";
const eras = ["modern"] as const;
const mismatch = -32020;

/** What holds in 2026-07-28 only. */
export const modern: readonly Requirement[] = [
  {
    id: "MCP-CON-201",
    level: "MUST",
    source: "2026-07-28 server/discover",
    text: "server/discover is answered with versions and capabilities",
    sends: "server/discover",
    eras,
    over: "any",
    tried: tried(
      async ({ opening }) => resultOf(opening) ?? {},
      (result) => {
        const { supportedVersions: versions, capabilities } = result;
        return Array.isArray(versions) && versions.includes(modernVersion) && typeof capabilities === "object"
          ? undefined
          : JSON.stringify(result).slice(0, 300);
      },
    ),
  },
  {
    id: "MCP-CON-202",
    level: "MUST",
    source: `${base} §Responses`,
    text: "A result says its type",
    sends: "server/discover and tools/list",
    eras,
    over: "any",
    tried: tried(lists, (results) => {
      const wrong = results.find(({ result }) => typeof result["resultType"] !== "string");
      return wrong && `${wrong.method} has no resultType`;
    }),
  },
  {
    id: "MCP-CON-203",
    level: "MUST",
    source: "2026-07-28 server/utilities/caching",
    text: "What may be kept says for how long and for whom",
    sends: "server/discover and tools/list",
    eras,
    over: "any",
    tried: tried(lists, (results) => {
      const isTold = ({ ttlMs, cacheScope }: Message) =>
        Number.isInteger(ttlMs) && Number(ttlMs) >= 0 && (cacheScope === "public" || cacheScope === "private");
      const wrong = results.find(({ result }) => !isTold(result));
      return wrong && `${wrong.method}: ttlMs ${wrong.result["ttlMs"]}, cacheScope ${wrong.result["cacheScope"]}`;
    }),
  },
  {
    id: "MCP-CON-204",
    level: "SHOULD",
    source: `${base} §_meta`,
    text: "A result says which server it is from",
    sends: "server/discover and tools/list",
    eras,
    over: "any",
    tried: tried(lists, (results) => {
      const wrong = results.find(
        ({ result }) => (result["_meta"] as Message | undefined)?.[metaKeys.server] === undefined,
      );
      return wrong && `${wrong.method} has no serverInfo in _meta`;
    }),
  },
  {
    id: "MCP-CON-205",
    level: "MUST",
    source: `${base} §_meta`,
    text: "A request without its required metadata is 400 and -32602",
    sends: "server/discover with a _meta that lacks the client's capabilities",
    eras,
    over: "http",
    tried: tried(
      (speaker, ground) => altered(speaker, ground, { meta: { [metaKeys.version]: modernVersion } }),
      withCode(-32602, 400),
    ),
  },
  {
    id: "MCP-CON-206",
    level: "MUST",
    source: `${base} §_meta`,
    text: "A client need not say who it is",
    sends: "server/discover without clientInfo",
    eras,
    over: "any",
    tried: tried(
      (speaker, ground) =>
        altered(speaker, ground, { meta: { [metaKeys.version]: modernVersion, [metaKeys.capabilities]: {} } }),
      (answer) => (isServed(answer) ? undefined : inShort(answer)),
    ),
  },
  {
    id: "MCP-CON-207",
    level: "MUST",
    source: `${base}/versioning`,
    text: "A version that is not served is 400 and -32022, with those that are",
    sends: "server/discover in the version 2099-01-01",
    eras,
    over: "http",
    tried: tried(inTheFuture, ({ answer, supported }) => {
      const wrong = withCode(-32022, 400)(answer);
      if (wrong !== undefined) return wrong;
      const data = errorOf(answer)?.data as Message | undefined;
      return JSON.stringify(data?.["supported"]) === JSON.stringify(supported)
        ? undefined
        : `data.supported is ${JSON.stringify(data?.["supported"])}, server/discover says ${JSON.stringify(supported)}`;
    }),
  },
  {
    id: "MCP-CON-208",
    level: "MUST",
    source: `${http} §Protocol Version Header`,
    text: "A version in the header that is not the body's is 400 and -32020",
    sends: "server/discover with MCP-Protocol-Version: 2025-11-25",
    eras,
    over: "http",
    tried: tried(
      (speaker, ground) => altered(speaker, ground, { headers: { "mcp-protocol-version": "2025-11-25" } }),
      withCode(mismatch, 400),
    ),
  },
  {
    id: "MCP-CON-209",
    level: "MUST",
    source: `${http} §Standard Request Headers`,
    text: "A request without Mcp-Method is 400 and -32020",
    sends: "server/discover without Mcp-Method",
    eras,
    over: "http",
    tried: tried(
      (speaker, ground) => altered(speaker, ground, { headers: { "mcp-method": undefined } }),
      withCode(mismatch, 400),
    ),
  },
  {
    id: "MCP-CON-210",
    level: "MUST",
    source: `${http} §Server Validation`,
    text: "A method in the header that is not the body's is 400 and -32020",
    sends: "server/discover with Mcp-Method: tools/list",
    eras,
    over: "http",
    tried: tried(
      (speaker, ground) => altered(speaker, ground, { headers: { "mcp-method": "tools/list" } }),
      withCode(mismatch, 400),
    ),
  },
  {
    id: "MCP-CON-211",
    level: "MUST",
    source: `${http} §Server Validation`,
    text: "A name in the header that is not the body's is 400 and -32020",
    sends: "tools/call of a tool that does not exist, with Mcp-Name of another",
    eras,
    over: "http",
    tried: tried((speaker) => named(speaker, "mcpctl_another_tool"), withCode(mismatch, 400)),
  },
  {
    id: "MCP-CON-212",
    level: "MUST",
    source: `${http} §Value Encoding`,
    text: "An encoded name in the header is decoded before it is compared",
    sends: "tools/call of a tool that does not exist, with Mcp-Name in Base64",
    eras,
    over: "http",
    tried: tried(
      (speaker) => named(speaker, `=?base64?${btoa(noTool)}?=`),
      (answer) => (errorOf(answer)?.code === mismatch ? inShort(answer) : undefined),
    ),
  },
  {
    id: "MCP-CON-213",
    level: "MUST",
    source: `${http} §Protocol Version Header`,
    text: "An unknown method is 404 and -32601",
    sends: "a request of a method that does not exist",
    eras,
    over: "http",
    tried: tried((speaker) => speaker.request("mcpctl/no-such-method"), withCode(-32601, 404)),
  },
  {
    id: "MCP-CON-214",
    level: "MUST",
    source: "2026-07-28 changelog",
    text: "A method of the legacy era is 404 and -32601",
    sends: "ping, with a modern envelope",
    eras,
    over: "http",
    tried: tried((speaker) => speaker.request("ping"), withCode(-32601, 404)),
  },
  {
    id: "MCP-CON-215",
    level: "MUST",
    source: `${base} §Statelessness`,
    text: "No session is opened",
    sends: "server/discover",
    eras,
    over: "http",
    tried: tried(
      async ({ opening }) => opening.headers.get("mcp-session-id"),
      (session) => (session === null ? undefined : "the answer has an Mcp-Session-Id"),
    ),
  },
];

type Altered = { headers?: Record<string, string | undefined>; meta?: Record<string, unknown> };

/** server/discover, and what is wrong with it. */
async function altered(
  speaker: Speaker,
  { wire }: { wire: Wire },
  { headers = {}, meta = envelope }: Altered,
): Promise<Exchange> {
  const method = "server/discover";
  const body = { jsonrpc: "2.0", id: 1, method, params: { _meta: meta } };
  return await wire.send({ headers: { ...speaker.headers(method), ...headers }, body: JSON.stringify(body) });
}

async function inTheFuture(speaker: Speaker, ground: { wire: Wire }) {
  const version = "2099-01-01";
  const answer = await altered(speaker, ground, {
    headers: { "mcp-protocol-version": version },
    meta: { ...envelope, [metaKeys.version]: version },
  });
  return { answer, supported: resultOf(speaker.opening)?.["supportedVersions"] };
}

const noTool = "mcpctl_no_such_tool";

async function named(speaker: Speaker, header: string): Promise<Exchange | NotHere> {
  if (!("tools" in capabilitiesOf(speaker))) return new NotHere("it has no tools");
  return await speaker.request("tools/call", { name: noTool, arguments: {} }, { headers: { "mcp-name": header } });
}

async function lists(speaker: Speaker): Promise<{ method: string; result: Message }[]> {
  const found = [{ method: "server/discover", result: resultOf(speaker.opening) ?? {} }];
  if ("tools" in capabilitiesOf(speaker))
    found.push({ method: "tools/list", result: resultOf(await speaker.request("tools/list")) ?? {} });
  return found;
}
