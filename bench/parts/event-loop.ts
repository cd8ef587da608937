import { on } from "../cores.ts";
import { type Gateway, startGateway } from "../gateway.ts";
import { drive } from "../load/drive.ts";
import { callersOf, clientOf, type Door, type Era, request, type Work } from "../load/speech.ts";
import { programPath, startProgram } from "../programs.ts";
import type { Aim } from "../results.ts";
import { fewer, type Part, type Settings } from "./part.ts";

const MiB = 1024;
const aims: readonly Aim[] = [
  { what: "longest block of the event loop", unit: "ms", atMost: 50, value: (of) => of("mcpctl", "blockedMs") },
];

type Doors = Record<"plain" | "old" | "huge", Door>;
type Scenario = { what: string; go: (doors: Doors, gateway: Gateway, settings: Settings) => Promise<unknown> };

const calling = (
  what: string,
  work: Work,
  era: Era,
  callers: number,
  calls: number,
  door: "plain" | "old" = "plain",
): Scenario => ({
  what,
  async go(doors, _, settings) {
    const tool = (name: string) => `${door}__${name}`;
    const list = await callersOf({ door: doors[door], tool }, era, work, callers);
    await drive(list, fewer(settings, calls));
    for (const { connection } of list) connection.close();
  },
});
const echo = (text: string): Work => ({ tool: "echo", args: { text }, holds: text.slice(-100) });
const give = (kib: number): Work => ({ tool: "give", args: { text: "", kib }, holds: "quick" });

const scenarios: readonly Scenario[] = [
  calling("small calls, 32 at once", echo("hello"), "modern", 32, 2_000),
  calling("small calls, 256 at once", echo("hello"), "legacy", 256, 2_000),
  calling("64 KiB results, 16 at once", give(64), "modern", 16, 400),
  calling("10 MB results", give(10 * MiB), "modern", 2, 8),
  calling("10 MB results of an upstream of the legacy era", give(10 * MiB), "legacy", 2, 8, "old"),
  calling("10 MB arguments", echo("x".repeat(10_000_000)), "modern", 2, 8),
  {
    what: "10,000 tools, listed for the first time and again",
    async go(doors) {
      for (const era of ["modern", "legacy"] as const) {
        const { connection, session } = await clientOf(doors.huge, era);
        for (let n = 0; n < 3; n++) await connection.send(request(doors.huge, era, "tools/list", {}, session));
        connection.close();
      }
    },
  },
  {
    what: "a thousand clients that come at once",
    async go({ plain }) {
      const ask = async () => {
        const { connection } = await clientOf(plain, "legacy");
        connection.close();
      };
      await Promise.all(Array.from({ length: 1_000 }, ask));
    },
  },
];

async function startWatch(gateway: Gateway) {
  const command = [process.execPath, programPath("health-watch"), String(gateway.port), String(gateway.pid())];
  const child = Bun.spawn(on("rest", command), { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const lines = child.stdout.getReader();
  return {
    async longest(): Promise<number> {
      child.stdin.write("\n");
      await child.stdin.flush();
      const { value } = await lines.read();
      return Number(new TextDecoder().decode(value));
    },
    close: () => child.kill(),
  };
}

/** How long nobody else is answered, whatever one client asks for. */
export const eventLoop: Part = {
  name: "event-loop",
  async run(settings, report) {
    const upstream = await startProgram("http-upstream", [], "rest");
    const gateway = await startGateway();
    const watch = await startWatch(gateway);
    try {
      const at = `http://127.0.0.1:${upstream.port}/s`;
      const urls = { plain: `${at}/0/mcp`, old: `${at}/1/mcp?legacy=1`, huge: `${at}/2/mcp?tools=10000` };
      const doors: Partial<Doors> = {};
      for (const [name, url] of Object.entries(urls)) {
        await gateway.apply([{ name, url }], [{ name: `p-${name}`, servers: [name] }]);
        doors[name as keyof Doors] = await gateway.doorOf(`p-${name}`);
      }
      await Bun.sleep(1_500);
      for (const { what, go } of scenarios) {
        await watch.longest();
        await go(doors as Doors, gateway, settings);
        // What is written behind the answers is a part of it.
        await Bun.sleep(600);
        report(`event loop: ${what}`, [{ target: "mcpctl", figures: { blockedMs: await watch.longest() } }], aims);
      }
    } finally {
      watch.close();
      await gateway.close();
      await upstream.close();
    }
  },
};
