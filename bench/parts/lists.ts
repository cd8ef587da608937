import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGateway } from "../gateway.ts";
import { drive } from "../load/drive.ts";
import { callersOf, clientOf, type Door, type Era, request } from "../load/speech.ts";
import { startProgram } from "../programs.ts";
import { against, type Figures } from "../results.ts";
import { inTurns, type Turn } from "../rounds.ts";
import { fewer, type Part } from "./part.ts";

const [servers, toolsOfEach, callers] = [50, 20, 8];
const fixedAnswer = "static answer";
const tool = (name: string) => name;
const eras: readonly Era[] = ["legacy", "modern"];

/** The list of 50 servers with 20 tools each, against a server that does nothing but send the same bytes. */
export const lists: Part = {
  name: "lists",
  async run(settings, report) {
    const folder = mkdtempSync(join(tmpdir(), "mcpctl-bench-"));
    const upstream = await startProgram("http-upstream", [], "rest");
    const gateway = await startGateway();
    try {
      const names = Array.from({ length: servers }, (_, n) => `up${n}`);
      const url = (n: number) => `http://127.0.0.1:${upstream.port}/s/${n}/mcp?tools=${toolsOfEach}`;
      await gateway.apply(
        names.map((name, n) => ({ name, url: url(n) })),
        [{ name: "all", servers: names }],
      );
      const door = await gateway.doorOf("all");
      const list = async (era: Era) => {
        const { connection, session } = await clientOf(door, era);
        const from = performance.now();
        const { body } = await connection.send(request(door, era, "tools/list", {}, session));
        connection.close();
        return { ms: performance.now() - from, body, tools: body.toString().split('"inputSchema"').length - 1 };
      };
      const isWhole = async (era: Era) => (await list(era)).tools === servers * toolsOfEach;
      await gateway.serve.until("all tools are listed", () => isWhole("modern"));

      const turns: Turn[] = [];
      const over: (() => void | Promise<void>)[] = [];
      for (const era of eras) {
        const file = join(folder, era);
        writeFileSync(file, (await list(era)).body);
        const fixed = await startProgram("static", [file], "measured");
        over.push(fixed.close);
        const fixedDoor: Door = { port: fixed.port, path: "/mcp", headers: {} };
        const sides = [
          { target: fixedAnswer, pid: fixed.pid, door: fixedDoor, era: "modern", settleMs: 50 },
          { target: "mcpctl", pid: gateway.pid(), door, era, settleMs: 550 },
        ] as const;
        for (const side of sides) {
          const opened = await callersOf({ door: side.door, tool }, side.era, "tools/list", callers);
          for (const { connection } of opened) over.push(() => connection.close());
          const go = () => drive(opened, fewer(settings, 400));
          turns.push({ target: `${side.target}, ${era}`, pid: side.pid, settleMs: side.settleMs, go });
        }
      }
      // Both eras in the same minutes: what one machine does to one of the four it does to all.
      const figures = await inTurns(turns, 2 * settings.rounds);
      for (const end of over) await end();
      for (const era of eras) {
        const rows = [fixedAnswer, "mcpctl"].map((target) => ({
          target,
          figures: figures.get(`${target}, ${era}`) ?? {},
        }));
        report(`tools/list of ${servers} x ${toolsOfEach} tools, warm, ${era}`, rows, [
          against("cpu", "mcpctl", fixedAnswer, 2, "CPU of a static answer of the same bytes"),
        ]);
      }

      const cold: Figures[] = [];
      for (let round = 0; round < Math.min(3, settings.rounds); round++) {
        await gateway.restart();
        const { ms } = await list("modern");
        cold.push({ ms });
      }
      const ms = cold.map((each) => each.ms ?? Number.NaN).toSorted((a, b) => a - b)[Math.floor(cold.length / 2)];
      report(
        `tools/list of ${servers} x ${toolsOfEach} tools, first after a start`,
        [{ target: "mcpctl", figures: { ms: ms ?? Number.NaN } }],
        [],
      );
    } finally {
      await gateway.close();
      await upstream.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
