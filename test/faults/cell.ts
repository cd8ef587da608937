// One cell of the matrix: a server that misbehaves in a whole gateway, a caller of it, and a caller of its neighbour who must notice nothing.
import type { World } from "../world.ts";
import { ask, askBadly, callOf, type Gateway, type Heard } from "./ask.ts";
import { processesWith } from "./left.ts";
import type { Faulty } from "./transports.ts";

type Event = { seq: number; outcome: string };

export type Seen = {
  heard: Heard;
  listed: Heard | undefined;
  id: number;
  /** How often the call arrived at the server. */
  arrived: number;
  /** Calls of the neighbour, and those of them that failed. */
  neighbour: { calls: number; failed: string[]; took: number[] };
  status: Record<string, unknown>;
  audited: Event[];
  /** Why no call works after the fault is gone; undefined when one does. */
  stillBroken: string | undefined;
  left: string[];
  /** How much longer than asked for timers took meanwhile: the machine was that slow. */
  lagMs: number;
};

export type Manner = "call" | "slowly" | "leaves" | "never reads";
export type Trial = {
  name: string;
  faulty: Faulty;
  manner: Manner;
  arguments?: object;
  lists?: boolean;
  seen: boolean;
};

const patienceMs = 30_000;

async function eventually<T>(look: () => Promise<T | undefined>, ms = patienceMs): Promise<T | undefined> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined || performance.now() > end) return found;
    await Bun.sleep(50);
  }
}

export async function watch(w: World, origin: string, trial: Trial): Promise<Seen> {
  const { name, faulty, manner } = trial;
  const server = { kind: "server", name, ...faulty.fields };
  const project = { kind: "project", name, servers: [name, "neighbour"] };
  await w.must("POST", "/api/v1/apply", { documents: [server, project] });
  const at = async (whose: string): Promise<Gateway> => ({
    url: `${origin}/projects/${name}/mcp`,
    token: (await w.must("POST", "/api/v1/mcptokens", { name: `${whose}-${name}`, project: name })).token,
  });
  const [mine, other] = await Promise.all([at("mine"), at("other")]);
  const statusOf = async () => (await w.api("GET", `/api/v1/servers/${name}`)).json.status as Record<string, unknown>;
  const tool = `${name}__echo`;
  const works = async () => {
    const heard = await ask(mine, callOf(tool, { mark: "works" }));
    return heard.messages[0]?.result?.content?.[0]?.text === "ok" ? heard : undefined;
  };
  if ((await eventually(works)) === undefined) {
    throw new Error(`${name} never worked: ${JSON.stringify([await statusOf(), await ask(mine, callOf(tool, {}))])}`);
  }
  const audited = async () => {
    const { json } = await w.api("GET", `/api/v1/audit/events?kind=call&server=${name}&tokenName=mine-${name}`);
    return json.items as Event[];
  };
  const before = (await audited())[0]?.seq ?? 0;
  const neighbour = callOther(other);
  await faulty.begin();
  if (faulty.whileOn !== undefined)
    await w.must("POST", "/api/v1/apply", { documents: [{ ...server, ...faulty.whileOn }] });
  await Bun.sleep(100);
  const { isInPlace } = faulty;
  if (isInPlace !== undefined) await eventually(async () => isInPlace(await statusOf()) || undefined);

  const lag = watchLag();
  const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
  const listed = trial.lists === true ? await ask(mine, list) : undefined;
  const message = callOf(tool, { mark: "judged", ...trial.arguments });
  const heard = manner === "call" ? await ask(mine, message) : await askBadly(mine, message, manner);
  const lagMs = lag.stop();

  // What is seen is that of its conversation, which may end a moment after the call.
  const toldMs = trial.seen ? 3_000 : 0;
  const troubled = await eventually(async () => {
    const status = await statusOf();
    return tellsOfTrouble(status) ? status : undefined;
  }, toldMs);
  const status = troubled ?? (await statusOf());
  const arrived = faulty.calls().filter((mark) => mark === "judged").length;

  await faulty.end();
  if (faulty.whileOn !== undefined) await w.must("POST", "/api/v1/apply", { documents: [server] });
  const recorded = await eventually(async () => {
    const found = (await audited()).filter(({ seq }) => seq > before);
    return found.length > 0 ? found : undefined;
  });
  const recovered = await eventually(works);
  const stillBroken = recovered === undefined ? JSON.stringify(await ask(mine, callOf(tool, {}))) : undefined;
  await neighbour.stop();
  await w.must("DELETE", `/api/v1/projects/${name}`);
  await w.must("DELETE", `/api/v1/servers/${name}`);
  const left = await eventually(async () => {
    const found = processesWith(faulty.mark);
    return found.length === 0 ? [] : undefined;
  }, 8_000);
  const rest = left ?? processesWith(faulty.mark).map(({ pid, state, command }) => `${pid} ${state} ${command}`);
  return {
    heard,
    listed,
    id: message.id,
    arrived,
    neighbour: neighbour.seen,
    status,
    audited: recorded ?? [],
    stillBroken,
    left: rest,
    lagMs,
  };
}

/** Calls the neighbour all the while. */
function callOther(other: Gateway) {
  const seen = { calls: 0, failed: [] as string[], took: [] as number[] };
  let isOver = false;
  const calling = (async () => {
    while (!isOver) {
      const heard = await ask(other, callOf("neighbour__echo", { text: "hello" }));
      seen.calls++;
      seen.took.push(heard.ms);
      const [answer] = heard.messages;
      if (heard.broken.length > 0 || answer?.result?.content?.[0]?.text !== "hello")
        seen.failed.push(JSON.stringify([heard.broken, heard.messages]).slice(0, 300));
      await Bun.sleep(40);
    }
  })();
  return {
    seen,
    async stop(): Promise<void> {
      isOver = true;
      await calling;
    },
  };
}

/** It does not run, and why; or a breaker that counted it and says what was seen. */
export function tellsOfTrouble({ state, reason, breaker }: Record<string, unknown>): boolean {
  const { failures = 0, last } = (breaker ?? {}) as { failures?: number; last?: string };
  return (state !== "RUNNING" && typeof reason === "string") || (failures > 0 && last !== undefined);
}

/** How late a timer comes in all: by so much this machine and this process were held up. */
function watchLag() {
  let late = 0;
  let at = performance.now();
  const everyMs = 10;
  const timer = setInterval(() => {
    const now = performance.now();
    late += Math.max(0, now - at - everyMs);
    at = now;
  }, everyMs);
  return {
    stop(): number {
      clearInterval(timer);
      return late;
    },
  };
}
