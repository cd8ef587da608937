import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diceOf } from "../rbac/properties/settings.ts";
import { judge, type Seen, type Verdict } from "./counted.ts";
import { projectOf } from "./in-use.ts";
import { type RealServe, realServe } from "./real-serve.ts";
import { type Upstream, upstream, type Way } from "./upstreams.ts";

const clients = 32;
const ways: readonly Way[] = ["stdio", "stdio", "stdio", "legacy", "legacy", "modern", "modern"];
/** A client that had no answer takes a breath before its next call: what is down stays down for a moment. */
const breathMs = 80;
/** How long a client waits. Beyond it the call counts as failed, which it may be or not. */
const patienceMs = 20_000;

type Plan = {
  calls: number;
  seed: number;
  /** One call in so many kills its server while it is carried out. */
  dyingOneIn: number;
  /** Pauses between two kills of a random upstream, and of the gateway, in ms; none without. */
  killEveryMs?: { upstream: number; gateway: number };
  /** What stands between clients and gateway; answers its address. */
  before?: (url: string) => { url: string; stop: () => void };
};

export type Played = Verdict & { seed: number; ms: number; kills: { upstream: number; gateway: number } };

/** Sends each call once while upstreams and gateway are killed as the seed says, and counts what arrived. */
export async function play(plan: Plan): Promise<Played> {
  const folder = mkdtempSync(join(tmpdir(), "mcpctl-counts-"));
  const upstreams = ways.map((way, n) => upstream(folder, `${way}-${n}`, way));
  try {
    await using gateway = await realServe();
    const token = await projectOf(gateway, upstreams);
    const stand = plan.before?.(gateway.url);
    const from = performance.now();
    const killing = new AbortController();
    const kills = killer(plan, upstreams, gateway, killing.signal);
    const seen = await sendAll(plan, upstreams, stand?.url ?? gateway.url, token);
    killing.abort();
    stand?.stop();
    const killed = await kills;
    const ms = performance.now() - from;
    await gateway.kill();
    return {
      ...judge(
        seen,
        upstreams.flatMap(({ arrivals }) => arrivals()),
      ),
      seed: plan.seed,
      ms,
      kills: killed,
    };
  } finally {
    for (const each of upstreams) await each.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Kills one or the other until it is told to stop; answers how often. */
async function killer(
  { seed, killEveryMs }: Plan,
  upstreams: readonly Upstream[],
  gateway: RealServe,
  signal: AbortSignal,
) {
  const kills = { upstream: 0, gateway: 0 };
  if (killEveryMs === undefined) return kills;
  const again = async (meanMs: number, dice: ReturnType<typeof diceOf>, kill: () => unknown) => {
    for (;;) {
      await Bun.sleep(meanMs / 2 + dice.below(meanMs));
      if (signal.aborted) return;
      await kill();
    }
  };
  const [ofUpstreams, ofGateway] = [diceOf(seed + 1), diceOf(seed + 2)];
  await Promise.all([
    again(killEveryMs.upstream, ofUpstreams, () => {
      ofUpstreams.pick(upstreams).kill();
      kills.upstream++;
    }),
    again(killEveryMs.gateway, ofGateway, async () => {
      await gateway.kill();
      kills.gateway++;
      await gateway.start();
    }),
  ]);
  return kills;
}

/** Each id is sent by one client in one request, and never again. */
async function sendAll({ calls, seed, dyingOneIn }: Plan, upstreams: readonly Upstream[], url: string, token: string) {
  const seen = new Map<string, Seen>();
  let next = 0;
  async function client(): Promise<void> {
    while (next < calls) {
      const dice = diceOf(seed + next);
      const id = `call-${next++}`;
      const target = dice.pick(upstreams);
      const work = { id, ms: dice.below(10), dies: dice.once(Math.round(dyingOneIn)) };
      const what = await send(url, token, `${target.name}__count`, work);
      seen.set(id, what);
      if (what === "failed") await Bun.sleep(breathMs);
    }
  }
  await Promise.all(Array.from({ length: clients }, client));
  return seen;
}

async function send(url: string, token: string, name: string, work: { id: string }): Promise<Seen> {
  try {
    const response = await fetch(`${url}/mcp`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: work.id, method: "tools/call", params: { name, arguments: work } }),
      keepalive: false,
      signal: AbortSignal.timeout(patienceMs),
    });
    const answer = (await response.json()) as { result?: { content?: { text?: string }[] } };
    return answer.result?.content?.[0]?.text === work.id ? "answered" : "failed";
  } catch {
    return "failed";
  }
}
