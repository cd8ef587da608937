import { isObject } from "../../../lib/object.ts";
import { type Exchange, inShort, resultOf, withCode } from "../exchange.ts";
import { capabilitiesOf, isRefused } from "../ground.ts";
import { NotHere, type Requirement, tried } from "../row.ts";

const both = ["legacy", "modern"] as const;

/** What holds in both eras for what a server says that it has, lists, and is asked for. */
export const offers: readonly Requirement[] = [
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
];

const isTool = (tool: unknown): boolean =>
  isObject(tool) &&
  typeof tool["name"] === "string" &&
  isObject(tool["inputSchema"]) &&
  tool["inputSchema"]["type"] === "object";

async function callsNothing(speaker: Parameters<typeof capabilitiesOf>[0]): Promise<Exchange | NotHere> {
  if (!("tools" in capabilitiesOf(speaker))) return new NotHere("it has no tools");
  return await speaker.request("tools/call", { name: "mcpctl_no_such_tool", arguments: {} });
}
