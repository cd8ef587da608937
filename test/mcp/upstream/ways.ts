// Every way in which a server may be spoken to, each with a real server behind it, and the peers that speak.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "../../../src/instances/child.ts";
import { logRing } from "../../../src/instances/log-ring.ts";
import type { Outcome } from "../../../src/mcp/answers.ts";
import type { Peer } from "../../../src/mcp/peer.ts";
import { openHttp, openProcess, openSse } from "../../../src/mcp/upstream/negotiate.ts";
import type { Opening, RequestOptions, Upstream } from "../../../src/mcp/upstream/upstream.ts";
import { serverLimitsOf } from "../../../src/resources/limits.ts";
import { type Habits, startStreamingServer } from "../../servers/streaming-server.ts";

export const abilities = { elicitation: { form: {}, url: {} }, sampling: { tools: {} }, roots: {} };

type Heard = [method: string, params: Record<string, unknown>];
export type TestPeer = Peer & { heard: Heard[]; asked: Heard[] };

/** A client that answers each question with its name, and remembers what it was told and asked. */
export function peerOf(subject: string, own: Partial<Peer> = {}): TestPeer {
  const heard: Heard[] = [];
  const asked: Heard[] = [];
  return {
    subject,
    abilities,
    clientInfo: { name: subject, version: "7" },
    progressToken: "0",
    logLevel: undefined,
    takesInput: false,
    notify: (method, params) => void heard.push([method, JSON.parse(params)]),
    ask: async (method, params): Promise<Outcome> => {
      asked.push([method, JSON.parse(params)]);
      return { result: JSON.stringify({ action: "accept", content: { from: subject } }) };
    },
    heard,
    asked,
    ...own,
  };
}

export const opening = (own: Partial<Opening> = {}): Opening => ({
  limits: serverLimitsOf({}),
  abilities,
  onNotification: () => {},
  ...own,
});

export function channelOf(...flags: string[]) {
  const home = mkdtempSync(join(tmpdir(), "mcpctl-way-"));
  const command = [process.execPath, join(import.meta.dir, "../../servers/interactive-stdio.ts"), ...flags];
  const env = { PATH: process.env["PATH"] ?? "" };
  const child = startChild({ command, asBun: false, env, log: logRing(), dataDir: home, instance: "own" });
  void child.closed.then(() => rmSync(home, { recursive: true, force: true }));
  return { ...child, end: () => void child.stop(true) };
}

export type Way = (own?: Partial<Opening>) => Promise<{ upstream: Upstream; close: () => void }>;

const overHttp =
  (habits: Habits, transport: "http" | "sse" = "http"): Way =>
  async (own) => {
    const server = startStreamingServer(habits);
    const upstream = await (transport === "sse"
      ? openSse({ url: server.sse, headers: {} }, opening(own))
      : openHttp({ url: server.url, headers: {} }, "auto", undefined, opening(own)));
    return { upstream, close: () => void [upstream.close(), server.stop()] };
  };
const overStdio =
  (era: string): Way =>
  async (own) => {
    const upstream = await openProcess(channelOf("--era", era, "--noise"), "auto", undefined, opening(own));
    return { upstream, close: () => upstream.close() };
  };

export const ways: Record<string, Way> = {
  "stdio, legacy": overStdio("legacy"),
  "stdio, modern": overStdio("modern"),
  "HTTP, legacy": overHttp({ eras: ["legacy"] }),
  "HTTP, modern": overHttp({ eras: ["modern"] }),
  SSE: overHttp({}, "sse"),
};
export const allWays = Object.entries(ways);

/** The text of a tool's answer, parsed where it is JSON. */
export async function call(upstream: Upstream, name: string, args: object, options: RequestOptions = {}) {
  const outcome = await upstream.request("tools/call", JSON.stringify({ name, arguments: args }), options);
  if ("error" in outcome) throw new Error(outcome.error);
  const { content } = JSON.parse(outcome.result) as { content: [{ text: string }] };
  try {
    // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
    return JSON.parse(content[0].text) as any;
  } catch {
    return content[0].text;
  }
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 5_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it never happened: ${what}`);
    await Bun.sleep(5);
  }
}
