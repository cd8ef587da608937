import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGateway } from "../gateway.ts";
import { drive } from "../load/drive.ts";
import { callersOf, clientOf, type Era, request } from "../load/speech.ts";
import { startProgram } from "../programs.ts";
import { against, type Figures } from "../results.ts";
import { inTurns } from "../rounds.ts";
import { fewer, type Part } from "./part.ts";

const [servers, toolsOfEach, callers] = [50, 20, 8];
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

      for (const era of eras) {
        const file = join(folder, era);
        writeFileSync(file, (await list(era)).body);
        const fixed = await startProgram("static", [file], "measured");
        const sides = [
          {
            target: "static answer",
            pid: fixed.pid,
            door: { port: fixed.port, path: "/mcp", headers: {} },
            settleMs: 50,
          },
          { target: "mcpctl", pid: gateway.pid(), door, settleMs: 550 },
        ];
        const turns = await Promise.all(
          sides.map(async (side) => {
            const opened = await callersOf(
              { door: side.door, tool },
              side.target === "mcpctl" ? era : "modern",
              "tools/list",
              callers,
            );
            return { ...side, opened, go: () => drive(opened, fewer(settings, 400)) };
          }),
        );
        const figures = await inTurns(turns, settings.rounds);
        for (const { connection } of turns.flatMap(({ opened }) => opened)) connection.close();
        await fixed.close();
        const rows = [...figures].map(([target, each]) => ({ target, figures: each }));
        report(`tools/list of ${servers} x ${toolsOfEach} tools, warm, ${era}`, rows, [
          against("cpu", "mcpctl", "static answer", 2, "CPU of a static answer of the same bytes"),
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
