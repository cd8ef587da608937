import { version as ownVersion } from "../../../lib/version.ts";
import {
  answerIn,
  CheckFailure,
  type CheckStep,
  credential,
  modern,
  post,
  send,
  type Tool,
  type Visit,
} from "./visit.ts";

const clientInfo = { name: "mcpctl-check", version: ownVersion };
/** What the clients of each time take for an answer to initialize. */
const legacyVersions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];
const mostPages = 32;
const shown = 3;

/** How a client opens: with server/discover or without, with this version in initialize, and whether it names the version afterwards. */
export const postsFirst = (
  version: string,
  { discovers = false, tellsVersion = true }: { discovers?: boolean; tellsVersion?: boolean } = {},
): CheckStep[] => [...(discovers ? [discover] : []), initialize(version, tellsVersion)];

/** Of a server without it the client expects "no such method", in JSON-RPC: a page of HTML or a 5xx is the end. */
const discover: CheckStep = {
  name: "server/discover",
  async run(visit) {
    const response = await post(
      visit,
      { id: 0, method: "server/discover", params: modernParams({}) },
      mirrored("server/discover"),
    );
    const { result, error } = await answerIn(response);
    const versions = result?.["supportedVersions"];
    if (Array.isArray(versions) && versions.includes(modern)) {
      visit.isModern = true;
      return `it speaks ${modern}`;
    }
    if (error === undefined)
      throw new CheckFailure("contract", `it answers without naming ${modern}, and without an error`);
    return `not there (${error.code}): it goes on with initialize`;
  },
};

function initialize(version: string, tellsVersion: boolean): CheckStep {
  return {
    name: "initialize",
    async run(visit) {
      if (visit.isModern) return "not needed";
      const params = { protocolVersion: version, capabilities: {}, clientInfo };
      const response = await post(visit, { id: 1, method: "initialize", params });
      const session = response.headers.get("mcp-session-id");
      const { result, error } = await answerIn(response);
      if (result === undefined)
        throw new CheckFailure("contract", `initialize is refused: ${error?.message ?? "no result"}`);
      const agreed = result["protocolVersion"];
      if (typeof agreed !== "string" || !legacyVersions.includes(agreed) || agreed > version)
        throw new CheckFailure(
          "contract",
          `offered ${version}, it answers ${String(agreed)}, which the client does not speak`,
        );
      if (session !== null) visit.headers["mcp-session-id"] = session;
      if (tellsVersion && agreed >= "2025-06-18") visit.headers["mcp-protocol-version"] = agreed;
      const notified = await post(visit, { method: "notifications/initialized" });
      await notified.body?.cancel();
      if (notified.status !== 202 && notified.status !== 200 && notified.status !== 204)
        throw new CheckFailure("contract", `notifications/initialized gets HTTP ${notified.status}, and not 202`);
      return `${agreed}, ${session === null ? "no session" : "a session"}`;
    },
  };
}

/** Most SDKs take 405 for "there is none", and any other refusal for the end; one whose head does not come lets them wait. */
export const quietStream: CheckStep = {
  name: "GET",
  async run(visit) {
    if (visit.isModern) return "not asked";
    const headers = { accept: "text/event-stream", ...credential(visit), ...visit.headers };
    const response = await send({ ...visit, timeoutMs: Math.min(visit.timeoutMs, 3_000) }, visit.url, { headers });
    const type = response.headers.get("content-type") ?? "";
    response.body?.cancel().catch(() => {});
    if (response.status === 405) return "405: there is no stream";
    if (response.status === 200 && type.startsWith("text/event-stream")) return "a stream";
    throw new CheckFailure("contract", `${`HTTP ${response.status} ${type}`.trim()}: the client takes a stream or 405`);
  },
};

const modernParams = (params: object) => ({
  ...params,
  _meta: {
    "io.modelcontextprotocol/protocolVersion": modern,
    "io.modelcontextprotocol/clientInfo": clientInfo,
    "io.modelcontextprotocol/clientCapabilities": {},
  },
});
const mirrored = (method: string) => ({ "mcp-protocol-version": modern, "mcp-method": method });

async function page(visit: Visit, cursor: unknown): Promise<{ tools: Tool[]; next: unknown }> {
  const method = "tools/list";
  const params = cursor === undefined ? {} : { cursor };
  const response = visit.isModern
    ? await post(visit, { id: 2, method, params: modernParams(params) }, mirrored(method))
    : await post(visit, { id: 2, method, params });
  const { result, error } = await answerIn(response);
  return toolsIn(result, error?.message);
}

/** @throws CheckFailure when it is no list of tools */
export function toolsIn(result: Record<string, unknown> | undefined, error?: string): { tools: Tool[]; next: unknown } {
  const tools = result?.["tools"];
  if (result === undefined) throw new CheckFailure("contract", `tools/list is refused: ${error ?? "no result"}`);
  if (!Array.isArray(tools) || !tools.every((tool) => typeof tool?.name === "string"))
    throw new CheckFailure("contract", "its list of tools is none");
  if (tools.length === 0) throw new CheckFailure("contract", "it lists no tools");
  return { tools, next: result["nextCursor"] };
}

const counted = (visit: Visit) => `${visit.tools.length} ${visit.tools.length === 1 ? "tool" : "tools"}`;

export const listing: CheckStep = {
  name: "tools/list",
  async run(visit) {
    let next: unknown;
    for (let pages = 0; pages < mostPages; pages++) {
      const part = await page(visit, next);
      visit.tools.push(...part.tools);
      next = part.next;
      if (next === undefined) return counted(visit);
    }
    throw new CheckFailure("contract", `there are more than ${mostPages} pages`);
  },
};

/** For a client that reads one page, whatever it says of a next one. */
export const firstPage: CheckStep = {
  name: "tools/list",
  async run(visit) {
    const { tools, next } = await page(visit, undefined);
    visit.tools.push(...tools);
    if (next !== undefined)
      throw new CheckFailure("contract", `the client reads one page, of ${tools.length} tools, and there are more`);
    return counted(visit);
  },
};

/** It has to have the list this soon after it asked. */
export const asksSoon = (ms: number): CheckStep => ({
  name: "tools/list",
  async run(visit) {
    const limited = { ...visit, timeoutMs: Math.min(ms, visit.timeoutMs) };
    const { tools } = await page(limited, undefined);
    visit.tools.push(...tools);
    return `${counted(visit)}, within ${ms / 1000} s`;
  },
});

function judge(visit: Visit, bad: (tool: Tool) => boolean, what: string, good: string): string {
  const found = visit.tools.filter(bad).map(({ name }) => name);
  if (found.length === 0) return good;
  const more = found.length > shown ? ` and ${found.length - shown} more` : "";
  throw new CheckFailure("contract", `${what}: ${found.slice(0, shown).join(", ")}${more}`);
}

/** A longer name, as the client shows it to its model, is left out or refused by the model's API. */
export const dropsAbove = (most: number, shownAs: (tool: string, name: string) => string): CheckStep => ({
  name: "names",
  judges: true,
  run: (visit) => {
    const lengthOf = (tool: Tool) => shownAs(tool.name, visit.name).length;
    const longest = Math.max(...visit.tools.map(lengthOf));
    return judge(
      visit,
      (tool) => lengthOf(tool) > most,
      `longer than ${most} with what the client adds`,
      `the longest has ${longest} of ${most}`,
    );
  },
});

/** Names reach the model's API as they are, which refuses all but these. */
export const noDots: CheckStep = {
  name: "characters",
  judges: true,
  run: (visit) =>
    judge(
      visit,
      ({ name }) => !/^[a-zA-Z0-9_-]+$/.test(name),
      "models refuse these names",
      "letters, digits, _ and - only",
    ),
};

/** The client writes names anew, and shortens them. */
export const anyName: CheckStep = { name: "names", judges: true, run: () => "any will do" };

/** What its grammar or its table bears. */
export const fits = ({ tools, bytes }: { tools: number; bytes?: number }): CheckStep => ({
  name: "size",
  judges: true,
  run: (visit) => {
    const size = Buffer.byteLength(JSON.stringify(visit.tools));
    const said = `${counted(visit)}, ${(size / 1000).toFixed(1)} kB`;
    if (visit.tools.length > tools)
      throw new CheckFailure("contract", `${said}: the client bears ${tools} tools${narrower}`);
    if (bytes !== undefined && size > bytes)
      throw new CheckFailure("contract", `${said}: the client bears about ${bytes / 1000} kB${narrower}`);
    return said;
  },
});
const narrower = "; a project with toolBudget or fewer servers shows less";
