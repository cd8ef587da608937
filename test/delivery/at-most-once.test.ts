import { expect, test } from "bun:test";
import { seed } from "../rbac/properties/settings.ts";
import { type Played, play } from "./at-most-once.ts";
import { judge } from "./counted.ts";

/** `bun run delivery` sends 20,000, `CALLS=100000 bun run delivery` more; `SEED=…` kills by the same plan again. */
const calls = Number(process.env["CALLS"] ?? 500);

const told = ({ answered, failed, twice, kills, ms, seed }: Played) =>
  `${answered + failed.delivered + failed.undelivered} calls in ${(ms / 1000).toFixed(0)} s: ${answered} answered, ` +
  `${failed.delivered} failed and were carried out, ${failed.undelivered} failed and never arrived, ${twice.length} arrived twice; ` +
  `${kills.upstream} kills of upstreams, ${kills.gateway} of the gateway, SEED=${seed}\n`;

test(
  `${calls} calls, servers and gateway killed all the while: none arrives twice, and what succeeded has arrived`,
  async () => {
    const played = await play({
      calls,
      seed,
      // One in a hundred of a short run would by chance be none, once in a hundred runs.
      dyingOneIn: Math.max(40, calls / 40),
      killEveryMs: { upstream: 500, gateway: 3_000 },
    });
    process.stdout.write(told(played));
    const { twice, unfounded, invented, answered, failed } = played;
    expect([seed, twice, unfounded, invented]).toEqual([seed, [], [], []]);
    // Else nothing was shown: many calls are answered, and some were killed while they were carried out.
    expect([answered > calls / 10, failed.delivered > 0]).toEqual([true, true]);
  },
  60_000 + calls * 20,
);

test("a stand-in that sends a failed call again is caught", async () => {
  const played = await play({ calls: 60, seed, dyingOneIn: 6, before: impatient });
  expect(played.twice.length).toBeGreaterThan(0);
}, 60_000);

/** As many proxies do: what had no good answer is worth another try. */
function impatient(url: string) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const [body, headers] = [await request.text(), request.headers];
      for (let attempt = 0; ; attempt++) {
        const response = await fetch(`${url}/mcp`, { method: "POST", headers, body, keepalive: false });
        const text = await response.text();
        if (!text.includes('"error"') || attempt === 10) return new Response(text);
        await Bun.sleep(100);
      }
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, stop: () => void server.stop(true) };
}

test("what clients saw and what servers counted is compared id by id", () => {
  const seen = new Map([
    ["a", "answered"],
    ["b", "answered"],
    ["c", "failed"],
    ["d", "failed"],
    ["e", "answered"],
  ] as const);
  expect(judge(seen, ["a", "b", "b", "c", "x"])).toEqual({
    answered: 3,
    failed: { delivered: 1, undelivered: 1 },
    twice: ["b"],
    unfounded: ["e"],
    invented: ["x"],
  });
});
