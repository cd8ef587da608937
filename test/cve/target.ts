import { metaKeys, modernVersion } from "../../src/mcp/protocol.ts";
import { startRecorder } from "../fuzz/recorder.ts";
import { world } from "../world.ts";

type Sending = { headers?: Record<string, string>; body?: NonNullable<RequestInit["body"]> };
export type Send = (init: Sending) => Promise<{ status: number; text: string }>;

/** A gateway with one server behind it that keeps what it is sent; `send` is one request to the MCP endpoint, with a token unless it says otherwise. */
export async function target(token: object = {}, typeOf?: (tool: string) => string) {
  const w = await world();
  const up = startRecorder(typeOf);
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "up", url: up.url },
      { kind: "project", name: "demo", servers: ["up"] },
    ],
  });
  const bearer: string = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo", ...token })).token;
  await w.until("the server is there", w.isRunning("up"));
  const send: Send = async ({ headers = {}, ...init }) => {
    const given = { authorization: `Bearer ${bearer}`, "content-type": "application/json", ...headers };
    const response = await w.fetch(
      new Request(`${w.url}/projects/demo/mcp`, { method: "POST", ...init, headers: given }),
    );
    return { status: response.status, text: await response.text() };
  };
  return {
    w,
    bearer,
    send,
    /** How many calls of a tool have reached the server. */
    calls: () => up.bodies.filter((body) => body.includes('"method":"tools/call"')).length,
    /** How often the server was asked for one of its tasks. */
    asks: () => up.bodies.filter((body) => body.includes('"method":"tasks/')).length,
    async [Symbol.asyncDispose]() {
      await w.close();
      await up.stop();
    },
  };
}

export const call = (name = "up__echo", params: object = {}): string =>
  JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name, arguments: { text: "hi" }, ...params },
  });

/** The same call as each revision sends it. */
export const revisions: Record<string, (name: string) => { body: string; headers: Record<string, string> }> = {
  "no version": (name) => ({ body: call(name), headers: {} }),
  ...Object.fromEntries(
    ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"].map((version) => [
      version,
      (name: string) => ({ body: call(name), headers: { "mcp-protocol-version": version } }),
    ]),
  ),
  [modernVersion]: (name) => ({
    body: call(name, { _meta: { [metaKeys.protocolVersion]: modernVersion, [metaKeys.clientCapabilities]: {} } }),
    headers: { "mcp-protocol-version": modernVersion, "mcp-method": "tools/call", "mcp-name": name },
  }),
};
