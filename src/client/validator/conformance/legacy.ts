import { isObject } from "../../../lib/object.ts";
import { type Exchange, inShort, resultOf } from "../exchange.ts";
import { isServed } from "../ground.ts";
import { NotHere, type Requirement, tried } from "../row.ts";
import { initialize, legacyVersions, openLegacy, type Speaker, type Wire } from "../speaker.ts";

const lifecycle = "2025-11-25 basic/lifecycle";
const transports = "2025-11-25 basic/transports";
const eras = ["legacy"] as const;

/** What holds in the revisions up to 2025-11-25 only. */
export const legacy: readonly Requirement[] = [
  {
    id: "MCP-CON-101",
    level: "MUST",
    source: `${lifecycle} §Initialization`,
    text: "initialize is answered with version, capabilities and serverInfo",
    sends: "initialize",
    eras,
    over: "any",
    tried: tried(
      async ({ opening }) => opening,
      (opening) => {
        const result = resultOf(opening) ?? {};
        const isWhole =
          typeof result["protocolVersion"] === "string" &&
          isObject(result["capabilities"]) &&
          isObject(result["serverInfo"]);
        return isWhole ? undefined : JSON.stringify(result).slice(0, 300);
      },
    ),
  },
  {
    id: "MCP-CON-102",
    level: "MUST",
    source: `${lifecycle} §Version Negotiation`,
    text: "A version that nobody knows is answered with one that the server knows",
    sends: "initialize with the version 1999-01-01",
    eras,
    over: "http",
    tried: tried(
      (_speaker, { wire }) => opens(wire, { protocolVersion: "1999-01-01" }),
      (answer) => {
        const version = resultOf(answer)?.["protocolVersion"];
        return typeof version === "string" && version !== "1999-01-01" ? undefined : `${inShort(answer)}, ${version}`;
      },
    ),
  },
  {
    id: "MCP-CON-103",
    level: "MUST",
    source: `${lifecycle} §Version Negotiation`,
    text: "A version that the server knows is answered with itself",
    sends: "initialize with the version that was agreed on before",
    eras,
    over: "http",
    tried: tried(
      async ({ version }, { wire }) => ({ version, answer: await opens(wire, { protocolVersion: version }) }),
      ({ version, answer }) =>
        resultOf(answer)?.["protocolVersion"] === version ? undefined : `${version}: ${inShort(answer)}`,
    ),
  },
  {
    id: "MCP-CON-104",
    level: "MUST",
    source: "2025-11-25 basic/utilities/ping",
    text: "ping is answered with an empty result",
    sends: "ping",
    eras,
    over: "any",
    tried: tried(
      (speaker) => speaker.request("ping"),
      (answer) => {
        const result = resultOf(answer);
        if (result === undefined) return inShort(answer);
        return Object.keys(result).every((key) => key === "_meta") ? undefined : JSON.stringify(result).slice(0, 200);
      },
    ),
  },
  {
    id: "MCP-CON-105",
    level: "MUST",
    source: `${transports} §Sending Messages`,
    text: "An answer of the client that is taken is 202 without a body",
    sends: "an answer to a request that never was",
    eras,
    over: "http",
    tried: tried(
      (speaker, { wire }) =>
        wire.send({
          headers: speaker.headers(""),
          body: JSON.stringify({ jsonrpc: "2.0", id: "mcpctl-never-was", result: {} }),
        }),
      // One that cannot be taken is an error of HTTP, which the same section allows.
      (answer) =>
        (answer.status === 202 && answer.text === "") || (answer.status >= 400 && answer.status < 500)
          ? undefined
          : inShort(answer),
    ),
  },
  {
    id: "MCP-CON-106",
    level: "MUST",
    source: `${transports} §Listening`,
    text: "GET is an event stream or 405",
    sends: "GET",
    eras,
    over: "http",
    tried: tried(
      (speaker, { wire }) => wire.send({ method: "GET", headers: speaker.headers("") }),
      (answer) => {
        const isStream = (answer.headers.get("content-type") ?? "").startsWith("text/event-stream");
        return answer.status === 405 || (answer.status === 200 && isStream) ? undefined : inShort(answer);
      },
    ),
  },
  {
    id: "MCP-CON-107",
    level: "MUST",
    source: `${transports} §Protocol Version Header`,
    text: "A version in the header that nobody knows is 400",
    sends: "ping with MCP-Protocol-Version: 1999-01-01",
    eras,
    over: "http",
    tried: tried(
      async (speaker) =>
        speaker.version < "2025-06-18"
          ? new NotHere(`${speaker.version} has no such header`)
          : await speaker.request("ping", undefined, { headers: { "mcp-protocol-version": "1999-01-01" } }),
      (answer) => (answer.status === 400 ? undefined : inShort(answer)),
    ),
  },
  {
    id: "MCP-CON-108",
    level: "SHOULD",
    source: `${transports} §Protocol Version Header`,
    text: "A request of a session without the version in a header is served",
    sends: "ping without MCP-Protocol-Version",
    eras,
    over: "http",
    tried: tried(
      (speaker) => speaker.request("ping", undefined, { headers: { "mcp-protocol-version": undefined } }),
      (answer) => (isServed(answer) ? undefined : inShort(answer)),
    ),
  },
  {
    id: "MCP-CON-109",
    level: "MUST",
    source: `${transports} §Session Management`,
    text: "A session id is visible ASCII",
    sends: "initialize",
    eras,
    over: "http",
    tried: tried(
      async ({ session }) => session ?? new NotHere("it has no sessions"),
      (session) => (/^[!-~]+$/.test(session) ? undefined : JSON.stringify(session)),
    ),
  },
  {
    id: "MCP-CON-110",
    level: "MUST",
    source: `${transports} §Session Management`,
    text: "A session that does not exist is 404",
    sends: "ping in a session of our own invention",
    eras,
    over: "http",
    tried: tried(
      async (speaker) =>
        speaker.session === undefined
          ? new NotHere("it has no sessions")
          : await speaker.request("ping", undefined, { headers: { "mcp-session-id": crypto.randomUUID() } }),
      (answer) => (answer.status === 404 ? undefined : inShort(answer)),
    ),
  },
  {
    id: "MCP-CON-111",
    level: "SHOULD",
    source: `${transports} §Session Management`,
    text: "A request that names no session, where there are sessions, is 400",
    sends: "ping without a session",
    eras,
    over: "http",
    tried: tried(
      async (speaker) =>
        speaker.session === undefined
          ? new NotHere("it has no sessions")
          : await speaker.request("ping", undefined, { headers: { "mcp-session-id": undefined } }),
      (answer) => (answer.status === 400 ? undefined : inShort(answer)),
    ),
  },
  {
    id: "MCP-CON-112",
    level: "MUST",
    source: `${transports} §Session Management`,
    text: "A session that was ended by DELETE is 404 afterwards; a server that does not end sessions answers 405",
    sends: "DELETE of a session opened for it, then ping in it",
    eras,
    over: "http",
    tried: tried(ended, ({ ending, after }) => {
      if (ending.status === 405) return undefined;
      if (ending.status >= 300 || ending.status === 0) return `DELETE: ${inShort(ending)}`;
      return after.status === 404 ? undefined : `ping afterwards: ${inShort(after)}`;
    }),
  },
  {
    id: "MCP-CON-113",
    level: "SHOULD",
    source: "2025-11-25 schema §InitializeRequest",
    text: "initialize without what it must hold is refused",
    sends: "initialize without a version and capabilities",
    eras,
    over: "http",
    tried: tried(
      (_speaker, { wire }) => opens(wire, { protocolVersion: undefined, capabilities: undefined }),
      (answer) => (isServed(answer) ? "it opened a conversation" : undefined),
    ),
  },
  {
    id: "MCP-CON-114",
    level: "SHOULD",
    source: `${lifecycle} §Version Negotiation`,
    text: "The newest legacy revision is spoken",
    sends: "initialize with 2025-11-25",
    eras,
    over: "any",
    tried: tried(
      async ({ version }) => version,
      (version) => (version === legacyVersions[0] ? undefined : `it speaks ${version}`),
    ),
  },
];

const opens = (wire: Wire, over: Record<string, unknown>): Promise<Exchange> =>
  wire.send({ body: initialize(legacyVersions[0], over) });

async function ended(
  { version, session }: Speaker,
  { wire }: { wire: Wire },
): Promise<{ ending: Exchange; after: Exchange } | NotHere> {
  if (session === undefined) return new NotHere("it has no sessions");
  const opened = await openLegacy(wire, version);
  if (!("speaker" in opened)) return new NotHere(`it opened no second session: ${inShort(opened.refused)}`);
  const ending = await wire.send({ method: "DELETE", headers: opened.speaker.headers("") });
  return { ending, after: await opened.speaker.request("ping") };
}
