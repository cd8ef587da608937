import { type Gateway, startGateway } from "../gateway.ts";
import { Connection } from "../load/connection.ts";
import { type Caller, drive } from "../load/drive.ts";
import { type Door, holding, request } from "../load/speech.ts";
import { copyToken } from "../many-tokens.ts";
import { type Program, startProgram } from "../programs.ts";
import { against } from "../results.ts";
import { inTurns, type Turn } from "../rounds.ts";
import { fewer, type Part, type Settings } from "./part.ts";

const callers = 32;
const perServer = 2;
/** How many servers and tokens calls go to in turn: as many however many there are. */
const asked = 10;

const callTo = (door: Door, server: number) =>
  request(door, "modern", "tools/call", { name: `up${server}__echo`, arguments: { text: "hello" } });

/** Callers that send these in turn, all of them together. */
async function callersOf(port: number, requests: readonly Uint8Array[]): Promise<Caller[]> {
  let sent = 0;
  const next = () => requests[sent++ % requests.length] ?? new Uint8Array();
  const connections = await Promise.all(Array.from({ length: callers }, () => Connection.open(port)));
  return connections.map((connection) => ({ connection, next, isGood: holding("hello") }));
}

async function compared(
  settings: Settings,
  sides: readonly { target: string; gateway: Gateway; requests: readonly Uint8Array[] }[],
) {
  const turns: (Turn & { list: Caller[] })[] = [];
  for (const { target, gateway, requests } of sides) {
    const list = await callersOf(gateway.port, requests);
    turns.push({ target, pid: gateway.pid(), settleMs: 550, list, go: () => drive(list, fewer(settings, 2_000)) });
  }
  const figures = await inTurns(turns, settings.rounds);
  for (const { connection } of turns.flatMap(({ list }) => list)) connection.close();
  return [...figures].map(([target, each]) => ({ target, figures: each }));
}

const url = (upstream: Program, n: number) => `http://127.0.0.1:${upstream.port}/s/${n}/mcp?tools=${perServer}`;
const names = (count: number) => Array.from({ length: count }, (_, n) => `up${n}`);
const inWords = (count: number, what: string) => `${count.toLocaleString("en")} ${what}`;

async function tokens(settings: Settings, upstream: Program, report: Parameters<Part["run"]>[1]): Promise<void> {
  const gateways: Gateway[] = [];
  const sizes = settings.quick ? [10, 1_000] : [10, 1_000, 100_000];
  try {
    const [one, many] = [[], []] as { target: string; gateway: Gateway; requests: Uint8Array[] }[][];
    for (const size of sizes) {
      const gateway = await startGateway();
      gateways.push(gateway);
      await gateway.apply([{ name: "up0", url: url(upstream, 0) }], [{ name: "bench", servers: ["up0"] }]);
      const door = await gateway.doorOf("bench");
      await gateway.serve.kill("SIGTERM");
      const bearers = await copyToken(gateway.serve.dataDir, door.headers["authorization"]?.slice(7) ?? "", size);
      await gateway.restart();
      const target = inWords(size, "tokens and bindings");
      const requests = bearers.map((bearer) => callTo({ ...door, headers: { authorization: `Bearer ${bearer}` } }, 0));
      one?.push({ target, gateway, requests: requests.slice(0, 1) });
      many?.push({ target, gateway, requests });
    }
    const most = inWords(sizes.at(-1) ?? 0, "tokens and bindings");
    const aims = [against("cpu", most, inWords(10, "tokens and bindings"), 1.05, "CPU of that among 10 tokens")];
    report("small tools/call with one token of many", await compared(settings, one ?? []), aims);
    report("small tools/call with up to a thousand tokens in turn", await compared(settings, many ?? []), aims);
  } finally {
    for (const gateway of gateways) await gateway.close();
  }
}

async function servers(settings: Settings, upstream: Program, report: Parameters<Part["run"]>[1]): Promise<void> {
  const gateways: Gateway[] = [];
  const sizes = settings.quick ? [10, 100] : [10, 100, 1_000];
  try {
    const sides: { target: string; gateway: Gateway; requests: Uint8Array[] }[] = [];
    for (const size of sizes) {
      const gateway = await startGateway();
      gateways.push(gateway);
      const all = names(size);
      await gateway.apply(
        all.map((name, n) => ({ name, url: url(upstream, n) })),
        [{ name: "bench", servers: all }],
      );
      const door = await gateway.doorOf("bench");
      const list = request(door, "modern", "tools/list", {});
      const connection = await Connection.open(gateway.port);
      await gateway.serve.until("all servers are listed", async () => {
        const { body } = await connection.send(list);
        return body.toString().split('"inputSchema"').length - 1 === size * perServer;
      });
      connection.close();
      const requests = Array.from({ length: asked }, (_, n) => callTo(door, Math.floor((n * size) / asked)));
      sides.push({ target: inWords(size, "servers"), gateway, requests });
    }
    report("small tools/call in a project of many servers", await compared(settings, sides), [
      against(
        "cpu",
        inWords(sizes.at(-1) ?? 0, "servers"),
        inWords(10, "servers"),
        1.05,
        "CPU of that among 10 servers",
      ),
    ]);
  } finally {
    for (const gateway of gateways) await gateway.close();
  }
}

/** What a call costs among many tokens, bindings and servers, as against few. */
export const scale: Part = {
  name: "scale",
  async run(settings, report) {
    const upstream = await startProgram("http-upstream", [], "rest");
    try {
      await tokens(settings, upstream, report);
      await servers(settings, upstream, report);
    } finally {
      await upstream.close();
    }
  },
};
