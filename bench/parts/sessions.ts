import { type Gateway, startGateway } from "../gateway.ts";
import { Connection } from "../load/connection.ts";
import { bare, type Door, holding, initialize, initialized, inSession, request, sessionIn } from "../load/speech.ts";
import { openStream, type Stream } from "../load/stream.ts";
import { rssMbOf } from "../process.ts";
import { startProgram } from "../programs.ts";
import type { Aim } from "../results.ts";
import type { Part, Report, Settings } from "./part.ts";

/** Longer than memory that became free is kept. */
const restMs = 8_000;
type Open = (door: Door, connection: Connection) => Promise<Stream>;

/** A legacy client that has said who it is and waits for news. */
const session: Open = async (door, connection) => {
  const id = sessionIn(await connection.send(initialize(door)));
  await connection.send(initialized(door, id));
  return await openStream(door.port, bare("GET", door, { accept: "text/event-stream", ...inSession(id) }));
};

const wishes = { notifications: { toolsListChanged: true } };
const subscription: Open = (door) => openStream(door.port, request(door, "modern", "subscriptions/listen", wishes));

/** Opens more and more of them, and after each number waits until nothing moves. */
async function hold(
  gateway: Gateway,
  door: Door,
  open: Open,
  numbers: readonly number[],
  what: string,
  report: Report,
  aims: Record<number, readonly Aim[]>,
) {
  const connection = await Connection.open(door.port);
  const streams: Stream[] = [];
  // What the first ones need for good is no part of the others.
  for (let n = 0; n < 50; n++) (await open(door, connection)).close();
  await Bun.sleep(restMs);
  const empty = rssMbOf(gateway.pid());
  for (const number of numbers) {
    while (streams.length < number) streams.push(await open(door, connection));
    await Bun.sleep(restMs);
    const rssMb = rssMbOf(gateway.pid());
    const call = request(door, "modern", "tools/call", { name: "up__echo", arguments: { text: "hello" } });
    const isCalled = holding("hello")(await connection.send(call));
    const errors = streams.filter((stream) => !stream.isOpen()).length + (isCalled ? 0 : 1);
    const figures = { kib: ((rssMb - empty) * 1024) / number, rssMb, errors };
    report(`${number.toLocaleString("en")} ${what}`, [{ target: "mcpctl", figures }], aims[number] ?? []);
  }
  for (const stream of streams) stream.close();
  connection.close();
}

const ofOne = (what: string): Aim => ({ what, unit: "KiB", atMost: 16, value: (of) => of("mcpctl", "kib") });
const noErrors: Aim = { what: "errors", unit: "", atMost: 0, value: (of) => of("mcpctl", "errors") };

/** What clients cost that are there and do nothing. */
export const sessions: Part = {
  name: "sessions",
  async run({ quick }: Settings, report) {
    const upstream = await startProgram("http-upstream", [], "rest");
    const gateway = await startGateway();
    try {
      const url = `http://127.0.0.1:${upstream.port}/s/0/mcp`;
      await gateway.apply([{ name: "up", url }], [{ name: "bench", servers: ["up"] }]);
      const door = await gateway.doorOf("bench");
      const numbers = quick ? [1, 100, 1_000] : [1, 100, 1_000, 5_000];
      const aims = { 1000: [ofOne("RSS of a session with an open stream")], 5000: [noErrors] };
      await hold(gateway, door, session, numbers, "idle sessions with open streams", report, aims);
      await gateway.restart();
      await hold(gateway, door, subscription, [1_000], "subscriptions/listen", report, {
        1000: [ofOne("RSS of a subscription")],
      });
    } finally {
      await gateway.close();
      await upstream.close();
    }
  },
};
