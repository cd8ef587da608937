import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { on } from "../cores.ts";
import { type Aim, against, type Figure } from "../results.ts";
import type { Part } from "./part.ts";

type Measured = Record<"empty" | "version" | "completion" | "serve" | "rssMb" | "cpuMs" | "sizeMb", number>;

const empty = "empty program";
const atMost = (what: string, target: string, figure: Figure, most: number): Aim => ({
  what,
  unit: "MB",
  atMost: most,
  value: (of) => of(target, figure),
});

/** Starts and sizes, as bench/startup.ts measures them, each in a process of its own. */
export const start: Part = {
  name: "start",
  async run({ quick }, report) {
    const folder = mkdtempSync(join(tmpdir(), "mcpctl-bench-"));
    try {
      const file = join(folder, "startup.json");
      const command = on("both", [
        process.execPath,
        join(import.meta.dir, "../startup.ts"),
        "--rounds",
        quick ? "5" : "15",
        "--json",
        file,
      ]);
      const child = Bun.spawn(command, { stdio: ["ignore", "ignore", "inherit"] });
      if ((await child.exited) !== 0) throw new Error("bench/startup.ts failed");
      const { rssMb, sizeMb, cpuMs, ...ms } = JSON.parse(readFileSync(file, "utf8")) as Measured;
      const rows = [
        { target: empty, figures: { ms: ms.empty } },
        { target: "mcpctl --version", figures: { ms: ms.version } },
        { target: "completion of a word", figures: { ms: ms.completion } },
        { target: "serve to its first answer", figures: { ms: ms.serve } },
      ];
      report("start of a process, on data that is there", rows, [
        against("ms", "serve to its first answer", empty, 4, "serve to its first answer, of an empty compiled program"),
        against("ms", "mcpctl --version", empty, 1.5, "--version, of an empty compiled program"),
      ]);
      const sizes = [
        { target: "idle, two upstreams", figures: { rssMb, ms: cpuMs } },
        { target: "executable", figures: { mb: sizeMb } },
      ];
      report("size; of an idle instance with its CPU in a minute", sizes, [
        atMost("RSS when idle", "idle, two upstreams", "rssMb", 80),
        atMost("executable", "executable", "mb", 125),
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
