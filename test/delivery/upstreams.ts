import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./real-serve.ts";

const program = join(import.meta.dir, "counting-server.ts");
/** How long an HTTP server is away when it was killed. */
const awayMs = 50;

export type Way = "stdio" | "legacy" | "modern";

/** A counting server as the gateway is told of it, and as those who kill and count it see it. */
export type Upstream = {
  name: string;
  way: Way;
  document: object;
  kill: () => void;
  /** The ids of all calls that ever arrived, in order. */
  arrivals: () => string[];
  stop: () => Promise<void>;
};

export function upstream(folder: string, name: string, way: Way): Upstream {
  const file = join(folder, name);
  const arrivals = () => readFileSync(file, "utf8").split("\n").filter(Boolean);
  const command = [process.execPath, program, "--file", file];
  if (way === "stdio") {
    const kill = () => {
      try {
        process.kill(Number(readFileSync(`${file}.pid`, "utf8")), "SIGKILL");
      } catch {
        // It has not started yet, or is dead already.
      }
    };
    return { name, way, arrivals, kill, document: { kind: "server", name, command }, stop: async () => {} };
  }
  const port = freePort();
  const running = keptAlive([...command, "--port", String(port), "--era", way]);
  return { name, way, arrivals, ...running, document: { kind: "server", name, url: `http://127.0.0.1:${port}/mcp` } };
}

/** Somebody else runs it: when it dies, it is soon there again. */
function keptAlive(command: string[]) {
  let isOver = false;
  let child: Bun.Subprocess | undefined;
  const lifetime = (async () => {
    while (!isOver) {
      child = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "inherit" });
      await child.exited;
      if (!isOver) await Bun.sleep(awayMs);
    }
  })();
  return {
    kill: () => child?.kill("SIGKILL"),
    stop: async () => {
      isOver = true;
      child?.kill("SIGKILL");
      await lifetime;
    },
  };
}
