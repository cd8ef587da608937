import { isObject } from "../../../lib/object.ts";
import { type Exchange, errorOf, inShort, resultOf, torn } from "../exchange.ts";
import { capabilitiesOf, harmless, isRefused, isServed } from "../ground.ts";
import { NotHere, type Requirement, tried } from "../row.ts";
import { clientInfo } from "../speaker.ts";

const both = ["legacy", "modern"] as const;
const base = "2025-11-25 basic, 2026-07-28 basic";

/** What holds for JSON-RPC messages in both eras. */
export const messages: readonly Requirement[] = [
  {
    id: "MCP-CON-001",
    level: "MUST",
    source: `${base} §Responses`,
    text: "An answer has its request's id, whatever kind of id that is",
    sends: "harmless requests with the ids 0, 9007199254740991 and a text",
    eras: both,
    over: "any",
    tried: tried(
      async (speaker) => {
        const [method, params] = harmless(speaker);
        const answers: { id: unknown; answer: Exchange }[] = [];
        for (const id of ids) answers.push({ id, answer: await speaker.request(method, params, { id }) });
        return answers;
      },
      (answers) => {
        const wrong = answers.find(({ id, answer }) => !answer.messages.some((message) => message["id"] === id));
        return wrong && `to the request ${JSON.stringify(wrong.id)}: ${inShort(wrong.answer)}`;
      },
    ),
  },
  {
    id: "MCP-CON-002",
    level: "MUST",
    source: `${base} §Responses`,
    text: "An unknown method is refused with -32601",
    sends: "a request of a method that does not exist",
    eras: both,
    over: "any",
    tried: tried((speaker) => speaker.request("mcpctl/no-such-method"), withCode(-32601)),
  },
  {
    id: "MCP-CON-003",
    level: "MUST",
    source: `${base} §Responses`,
    text: "An error has an integer for a code and words for a message",
    sends: "a request of a method that does not exist",
    eras: both,
    over: "any",
    tried: tried(
      (speaker) => speaker.request("mcpctl/no-such-method"),
      (answer) => {
        const error = errorOf(answer);
        if (error === undefined) return `no error came: ${inShort(answer)}`;
        return Number.isInteger(error.code) && typeof error.message === "string"
          ? undefined
          : `code ${JSON.stringify(error.code)}, message ${JSON.stringify(error.message)}`;
      },
    ),
  },
  {
    id: "MCP-CON-004",
    level: "MUST",
    source: `${base} §Responses`,
    text: 'An answer says jsonrpc "2.0" and has a result or an error, never both',
    sends: "a harmless request",
    eras: both,
    over: "any",
    tried: tried(
      (speaker) => speaker.request(...harmless(speaker)),
      (answer) => {
        const message = answer.messages.find(({ id }) => id === 1);
        if (message === undefined) return `no answer to it: ${inShort(answer)}`;
        if (message["jsonrpc"] !== "2.0") return `jsonrpc is ${JSON.stringify(message["jsonrpc"])}`;
        return "result" in message === "error" in message ? "it has both or neither" : undefined;
      },
    ),
  },
  {
    id: "MCP-CON-005",
    level: "SHOULD",
    source: `${base} §Requests`,
    text: "An id is never null: such a request is not served",
    sends: "a harmless request with the id null",
    eras: both,
    over: "http",
    tried: tried(
      (speaker) => speaker.request(...harmless(speaker), { id: null }),
      (answer) => (isServed(answer) ? `it was served: ${inShort(answer)}` : undefined),
    ),
  },
  {
    id: "MCP-CON-006",
    level: "SHOULD",
    source: `${base} §Requests`,
    text: 'A message that does not say jsonrpc "2.0" is not served',
    sends: 'a harmless request that says jsonrpc "1.0"',
    eras: both,
    over: "http",
    tried: tried(
      (speaker, { wire }) => {
        const [method, params] = harmless(speaker);
        const body = JSON.stringify({ ...speaker.message(method, params), jsonrpc: "1.0" });
        return wire.send({ headers: speaker.headers(method, params), body });
      },
      (answer) => (isServed(answer) ? `it was served: ${inShort(answer)}` : undefined),
    ),
  },
  {
    id: "MCP-CON-007",
    level: "MUST",
    source: `${base} §Messages; JSON-RPC 2.0 §5.1`,
    text: "What is no JSON is an error of HTTP, with -32700 when the body says more",
    sends: "a body that breaks off",
    eras: both,
    over: "http",
    tried: tried(
      (speaker, { wire }) => wire.send({ headers: speaker.headers(...harmless(speaker)), body: torn }),
      (answer) => {
        if (answer.status < 400 || answer.status >= 500) return inShort(answer);
        const code = errorOf(answer)?.code;
        return code === undefined || code === -32700 ? undefined : inShort(answer);
      },
    ),
  },
  {
    id: "MCP-CON-008",
    level: "SHOULD",
    source: "2025-11-25 server/utilities/pagination, 2026-07-28 the same §Error Handling",
    text: "A cursor that nobody gave is refused with -32602",
    sends: "tools/list with a cursor of our own invention",
    eras: both,
    over: "any",
    tried: tried(async (speaker) => {
      if (!("tools" in capabilitiesOf(speaker))) return new NotHere("it has no tools");
      return await speaker.request("tools/list", { cursor: "mcpctl-no-such-cursor" });
    }, withCode(-32602)),
  },
  {
    id: "MCP-CON-009",
    level: "MUST",
    source: "2025-11-25 server/tools, 2026-07-28 the same §Listing Tools",
    text: "tools/list answers tools with a name and an inputSchema of type object",
    sends: "tools/list",
    eras: both,
    over: "any",
    tried: tried(
      async (speaker) =>
        "tools" in capabilitiesOf(speaker) ? await speaker.request("tools/list") : new NotHere("it has no tools"),
      (answer) => {
        const tools = resultOf(answer)?.["tools"];
        if (!Array.isArray(tools)) return `no list of tools: ${inShort(answer)}`;
        const wrong = tools.findIndex((tool) => !isTool(tool));
        return wrong < 0 ? undefined : `tool ${wrong}: ${JSON.stringify(tools[wrong]).slice(0, 200)}`;
      },
    ),
  },
  {
    id: "MCP-CON-010",
    level: "MUST",
    source: "2025-11-25 server/tools, 2026-07-28 the same §Error Handling",
    text: "A call of a tool that does not exist fails, by an error or by isError",
    sends: "tools/call of a tool that does not exist",
    eras: both,
    over: "any",
    tried: tried(callsNothing, (answer) =>
      isRefused(answer) || resultOf(answer)?.["isError"] === true ? undefined : inShort(answer),
    ),
  },
  {
    id: "MCP-CON-011",
    level: "SHOULD",
    source: "2025-11-25 server/tools, 2026-07-28 the same §Error Handling",
    text: "A call of a tool that does not exist is an error -32602 of the protocol",
    sends: "tools/call of a tool that does not exist",
    eras: both,
    over: "any",
    tried: tried(callsNothing, withCode(-32602)),
  },
  {
    id: "MCP-CON-012",
    level: "SHOULD",
    source: "2025-11-25 schema §CallToolRequest, 2026-07-28 the same",
    text: "A call that names no tool is refused",
    sends: "tools/call without a name",
    eras: both,
    over: "any",
    tried: tried(
      async (speaker) =>
        "tools" in capabilitiesOf(speaker) ? await speaker.request("tools/call", {}) : new NotHere("it has no tools"),
      (answer) => (isRefused(answer) ? undefined : inShort(answer)),
    ),
  },
  {
    id: "MCP-CON-013",
    level: "SHOULD",
    source: "2025-11-25 server/resources §Error Handling, 2026-07-28 the same",
    text: "A resource that does not exist is -32002 in the legacy era and -32602 in the modern one",
    sends: "resources/read of mcpctl-test://no-such-resource",
    eras: both,
    over: "any",
    tried: tried(
      async (speaker) => {
        if (!("resources" in capabilitiesOf(speaker))) return new NotHere("it has no resources");
        const answer = await speaker.request("resources/read", { uri: "mcpctl-test://no-such-resource" });
        return { answer, code: speaker.era === "modern" ? -32602 : -32002 };
      },
      ({ answer, code }) => withCode(code)(answer),
    ),
  },
  {
    id: "MCP-CON-014",
    level: "SHOULD",
    source: "2025-11-25 server/prompts §Error Handling, 2026-07-28 the same",
    text: "A prompt that does not exist is refused with -32602",
    sends: "prompts/get of a prompt that does not exist",
    eras: both,
    over: "any",
    tried: tried(async (speaker) => {
      if (!("prompts" in capabilitiesOf(speaker))) return new NotHere("it has no prompts");
      return await speaker.request("prompts/get", { name: "mcpctl-no-such-prompt" });
    }, withCode(-32602)),
  },
  {
    id: "MCP-CON-015",
    level: "MUST",
    source: "2025-11-25 basic/transports, 2026-07-28 basic/transports/streamable-http §Sending Messages",
    text: "A notification that is taken is 202 without a body",
    sends: "notifications/cancelled of a request that never was",
    eras: both,
    over: "http",
    tried: tried(
      (speaker) => speaker.notify("notifications/cancelled", { requestId: "mcpctl-never-was" }),
      (answer) => (answer.status === 202 && answer.text === "" ? undefined : inShort(answer)),
    ),
  },
  {
    id: "MCP-CON-016",
    level: "MUST",
    source: "2025-11-25 basic/transports, 2026-07-28 basic/transports/streamable-http §Sending Messages",
    text: "A request is answered as application/json or text/event-stream",
    sends: "a harmless request",
    eras: both,
    over: "http",
    tried: tried(
      (speaker) => speaker.request(...harmless(speaker)),
      ({ headers }) => {
        const type = headers.get("content-type") ?? "none";
        return /^(application\/json|text\/event-stream)\b/.test(type) ? undefined : `Content-Type: ${type}`;
      },
    ),
  },
  {
    id: "MCP-CON-017",
    level: "SHOULD",
    source: "RFC 9110 §12.5.1",
    text: "A request that accepts neither JSON nor event streams is not answered by them",
    sends: "a harmless request that accepts image/png",
    eras: both,
    over: "http",
    tried: tried(
      (speaker) => speaker.request(...harmless(speaker), { headers: { accept: "image/png" } }),
      (answer) => (isServed(answer) ? `it was served: ${inShort(answer)}` : undefined),
    ),
  },
  {
    id: "MCP-CON-018",
    level: "SHOULD",
    source: "RFC 9110 §15.5.16",
    text: "A body that is said to be no JSON is not read as JSON",
    sends: "a harmless request as text/plain",
    eras: both,
    over: "http",
    tried: tried(
      (speaker) => speaker.request(...harmless(speaker), { headers: { "content-type": "text/plain" } }),
      (answer) => (isServed(answer) ? `it was served: ${inShort(answer)}` : undefined),
    ),
  },
  {
    id: "MCP-CON-019",
    level: "SHOULD",
    source: "2025-06-18 changelog §1, 2026-07-28 basic §Messages",
    text: "A batch is refused",
    sends: "an array of two harmless requests",
    eras: both,
    over: "http",
    tried: tried(
      async (speaker, { wire }) => {
        if (speaker.era === "legacy" && speaker.version < "2025-06-18")
          return new NotHere(`${speaker.version} knows batches`);
        const [method, params] = harmless(speaker);
        const body = JSON.stringify([speaker.message(method, params, 1), speaker.message(method, params, 2)]);
        return await wire.send({ headers: speaker.headers(method, params), body });
      },
      (answer) => (answer.status >= 400 && answer.status < 500 ? undefined : inShort(answer)),
    ),
  },
  {
    id: "MCP-CON-020",
    level: "SHOULD",
    source: "2025-11-25 server/utilities/logging §Error Handling",
    text: "A level of logging that does not exist is refused with -32602",
    sends: "logging/setLevel with a level that does not exist",
    eras: ["legacy"],
    over: "any",
    tried: tried(async (speaker) => {
      if (!("logging" in capabilitiesOf(speaker))) return new NotHere("it does not log");
      return await speaker.request("logging/setLevel", { level: "mcpctl-no-such-level" });
    }, withCode(-32602)),
  },
  {
    id: "MCP-CON-021",
    level: "MUST",
    source: "2025-11-25 schema §Implementation",
    text: "The server says its name and its version",
    sends: "initialize, or server/discover",
    eras: both,
    over: "any",
    tried: tried(
      async ({ era, opening }) => ({ era, opening }),
      ({ era, opening }) => {
        const result = resultOf(opening) ?? {};
        const meta = isObject(result["_meta"]) ? result["_meta"] : {};
        const info = era === "legacy" ? result["serverInfo"] : meta["io.modelcontextprotocol/serverInfo"];
        // The modern era only recommends it.
        if (era === "modern" && info === undefined) return undefined;
        return isObject(info) && typeof info["name"] === "string" && typeof info["version"] === "string"
          ? undefined
          : `serverInfo is ${JSON.stringify(info)?.slice(0, 200)}`;
      },
    ),
  },
  {
    id: "MCP-CON-022",
    level: "MUST",
    source: "RFC 9110 §11.6.1, 2025-11-25 basic/authorization",
    text: "A 401 says in WWW-Authenticate how to log in",
    sends: "a harmless request without a credential",
    eras: both,
    over: "http",
    tried: tried(
      async (speaker) => {
        const [method, params] = harmless(speaker);
        const answer = await speaker.request(method, params, { as: "nobody" });
        return answer.status === 401 ? answer : new NotHere("it answers no 401");
      },
      ({ headers }) => (headers.get("www-authenticate") === null ? "it has no WWW-Authenticate" : undefined),
    ),
  },
];

const ids = [0, Number.MAX_SAFE_INTEGER, `${clientInfo.name} "1" \u00e9`] as const;

const isTool = (tool: unknown): boolean =>
  isObject(tool) &&
  typeof tool["name"] === "string" &&
  isObject(tool["inputSchema"]) &&
  tool["inputSchema"]["type"] === "object";

async function callsNothing(speaker: Parameters<typeof capabilitiesOf>[0]): Promise<Exchange | NotHere> {
  if (!("tools" in capabilitiesOf(speaker))) return new NotHere("it has no tools");
  return await speaker.request("tools/call", { name: "mcpctl_no_such_tool", arguments: {} });
}

/** Judges an answer that must be this error and no other. */
export function withCode(code: number, status?: number): (answer: Exchange) => string | undefined {
  return (answer) =>
    errorOf(answer)?.code === code && (status === undefined || answer.status === status) ? undefined : inShort(answer);
}
