import { Problem } from "../../lib/problem.ts";
import { version } from "../../lib/version.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import { codes, metaKeys, mirroredParameter, modernVersion } from "../protocol.ts";
import { membersOf, memberText, withMembers } from "../spans.ts";
import { exchange, type HttpTarget, readAnswer } from "./http-exchange.ts";
import { limits, type RequestOptions, type Upstream } from "./upstream.ts";

/** What each request says of us; no capabilities, as in the legacy era. */
const envelope = {
  [metaKeys.protocolVersion]: JSON.stringify(modernVersion),
  [metaKeys.clientInfo]: JSON.stringify({ name: "mcpctl", version }),
  [metaKeys.clientCapabilities]: "{}",
};

/**
 * A conversation in the modern era (2026-07-28): no session, each request complete in itself, its parameters mirrored in headers.
 * @throws Problem `unavailable`
 */
export async function openModernHttp(target: HttpTarget): Promise<Upstream> {
  const closing = new AbortController();
  let nextId = 1;

  async function request(
    method: string,
    params: string,
    { timeoutMs = limits.callMs, signal }: RequestOptions = {},
  ): Promise<Outcome> {
    const id = nextId++;
    const meta = withMembers(memberText(params, membersOf(params), "_meta") ?? "{}", envelope);
    const body = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${withMembers(params, { _meta: meta })}}`;
    const signals = signal === undefined ? [closing.signal] : [closing.signal, signal];
    const posting = { body, headers: mirrored(method, params), timeoutMs, signals };
    return plain(await exchange(target, posting, (response) => readAnswer(response, id, () => {})));
  }

  const discovered = await request("server/discover", "{}", { timeoutMs: limits.initializeMs });
  if ("error" in discovered) throw new Problem("unavailable", "the server refused server/discover");
  const { supportedVersions, capabilities, _meta } = JSON.parse(discovered.result) as Record<string, unknown>;
  if (
    !Array.isArray(supportedVersions) ||
    !supportedVersions.includes(modernVersion) ||
    typeof capabilities !== "object"
  ) {
    throw new Problem("unavailable", `the server does not speak ${modernVersion}`);
  }
  return {
    era: "modern",
    serverInfo: (_meta as Record<string, unknown> | undefined)?.[metaKeys.serverInfo],
    capabilities: (capabilities ?? {}) as Record<string, unknown>,
    protocolVersion: modernVersion,
    request,
    notify: async () => {},
    onNotification: () => {},
    follow: async () => {},
    close: () => closing.abort(),
  };
}

function mirrored(method: string, params: string): Record<string, string> {
  const parameter = mirroredParameter[method];
  const value = parameter === undefined ? undefined : memberText(params, membersOf(params), parameter);
  const name = value?.startsWith('"') === true ? { "mcp-name": encoded(JSON.parse(value) as string) } : {};
  return { "mcp-protocol-version": modernVersion, "mcp-method": method, ...name };
}

/** What a header cannot hold as it is goes as `=?base64?…?=` (reference/protocol.md §1.3). */
const encoded = (value: string): string =>
  /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !value.startsWith("=?base64?")
    ? value
    : `=?base64?${Buffer.from(value).toString("base64")}?=`;

/** The result without the words of the modern era, which are said anew for a client that speaks it. */
function plain(outcome: Outcome): Outcome {
  if ("error" in outcome) return outcome;
  const type = memberText(outcome.result, membersOf(outcome.result), "resultType");
  if (type !== undefined && type !== '"complete"') {
    return errorOutcome(codes.internal, `the server answered ${type}, which this gateway does not pass on yet`);
  }
  return { result: withMembers(outcome.result, { resultType: undefined, ttlMs: undefined, cacheScope: undefined }) };
}
