import { Connection } from "../load/connection.ts";
import type { Driven } from "../load/drive.ts";
import { bare, type Door, holding, initialize, initialized, inSession, request, sessionIn } from "../load/speech.ts";
import { against } from "../results.ts";
import { inTurns } from "../rounds.ts";
import { startTargets, type Target } from "../targets.ts";
import { fewer, type Part } from "./part.ts";

/** A client that comes for one call: it connects, says who it is, lists, calls, ends its session and goes. */
async function visit({ door, tool }: { door: Door; tool: Target["tool"] }): Promise<number> {
  const from = performance.now();
  const connection = await Connection.open(door.port);
  const session = sessionIn(await connection.send(initialize(door)));
  await connection.send(initialized(door, session));
  const listed = await connection.send(request(door, "legacy", "tools/list", {}, session));
  const call = { name: tool("echo"), arguments: { text: "hello" } };
  const called = await connection.send(request(door, "legacy", "tools/call", call, session));
  await connection.send(bare("DELETE", door, inSession(session)));
  connection.close();
  if (!holding('"tools":')(listed) || !holding("hello")(called))
    throw new Error(`a wrong answer: ${listed.head}\n${called.head}\n${called.body.toString().slice(0, 300)}`);
  return performance.now() - from;
}

async function visits(target: Target, count: number, atOnce: number): Promise<Driven> {
  const times = new Float64Array(count);
  let begun = 0;
  const from = performance.now();
  const come = async () => {
    while (begun < count) {
      const n = begun++;
      times[n] = await visit(target);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, come));
  return { times, seconds: (performance.now() - from) / 1000 };
}

/** CPU of each is that of a whole sequence: per 10,000 clients. */
export const shortLived: Part = {
  name: "short-lived",
  async run(settings, report) {
    const targets = await startTargets([]);
    try {
      const turns = ["direct, old upstream", "floor, old upstream", "mcpctl, old upstream"].flatMap((name) => {
        const target = targets.of(name);
        const go = (one: Target) => () => visits(one, fewer(settings, 400), 16);
        return target === undefined
          ? []
          : [{ target: name, pid: target.pid, settleMs: target.settleMs, go: go(target) }];
      });
      const figures = await inTurns(turns, settings.rounds);
      const rows = [...figures].map(([target, each]) => ({ target, figures: each }));
      report("clients of initialize, list, one call and DELETE, 16 at once", rows, [
        against("cpu", "mcpctl, old upstream", "floor, old upstream", 3, "CPU of the floor for the same requests"),
      ]);
    } finally {
      await targets.close();
    }
  },
};
