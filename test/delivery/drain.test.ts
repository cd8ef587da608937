import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSse, type SseSession } from "../../src/client/clients/check/sse-session.ts";
import { diceOf, seed } from "../rbac/properties/settings.ts";
import { call, projectOf } from "./in-use.ts";
import { type RealServe, realServe } from "./real-serve.ts";
import { upstream } from "./upstreams.ts";

/** How long the longest call takes. `LONGEST_MS=20000 bun test test/delivery/drain.test.ts` comes near to the 25 s of a drain. */
const longestMs = Number(process.env["LONGEST_MS"] ?? 2_000);
/** One more than can be waited for, where there is time for it. */
const endless = longestMs >= 20_000 ? 1 : 0;
const [quietStreams, busyStreams, posts] = [25, 25, 50];

const folder = mkdtempSync(join(tmpdir(), "mcpctl-drain-"));
const upstreams = (["stdio", "legacy", "modern"] as const).map((way) => upstream(folder, way, way));
afterAll(async () => {
  for (const each of upstreams) await each.stop();
  rmSync(folder, { recursive: true });
});
const arrived = () => upstreams.flatMap(({ arrivals }) => (existsSync(join(folder, "stdio")) ? arrivals() : [])).length;
const isAlive = (pid: number) => existsSync(`/proc/${pid}`);
const stdioPid = () => Number(readFileSync(join(folder, "stdio.pid"), "utf8"));

const sseOf = (gateway: RealServe, token: string) =>
  openSse(`http://tok:${token}@${new URL(gateway.url).host}/projects/one/sse`);
test(
  "SIGTERM: what can finish is answered, what is new is refused, streams and servers end, and so does it",
  async () => {
    await using gateway = await realServe();
    const token = await projectOf(gateway, upstreams);
    // One token's calls under way are bounded.
    const tokens = await Promise.all(
      Array.from({ length: 4 }, async (_, n) => {
        const made = await gateway.must("POST", "/api/v1/mcptokens", { name: `t${n}`, project: "one" });
        return String(made.token);
      }),
    );
    const tokenOf = (n: number) => tokens[n % tokens.length] ?? "";
    const dice = diceOf(seed);
    const before = arrived();
    const open = (count: number) => Promise.all(Array.from({ length: count }, (_, n) => sseOf(gateway, tokenOf(n))));
    const [quiet, busy] = [await open(quietStreams), await open(busyStreams)];
    await Promise.all(busy.map((stream) => stream.initialize()));
    const next = (n: number) => ({ server: dice.pick(upstreams).name, id: `drain-${n}`, ms: dice.below(longestMs) });
    const streamed = (stream: SseSession, { server, ...work }: ReturnType<typeof next>) =>
      stream.request("tools/call", { name: `${server}__count`, arguments: work });
    const posted = (n: number) => {
      const { server, ...work } = next(1_000 + n);
      return call(gateway, tokenOf(n), server, work);
    };
    const overSse = busy.flatMap((stream, n) => [0, 1].map((k) => streamed(stream, next(2 * n + k))));
    const overHttp = Array.from({ length: posts }, (_, n) => posted(n));
    const tooLong = Array.from({ length: endless }, () =>
      call(gateway, token, "legacy", { id: "endless", ms: 600_000 }),
    );
    const last = call(gateway, token, "stdio", { id: "last", ms: longestMs });
    const sent = overSse.length + overHttp.length + endless + 1;
    await gateway.until("every call arrives", async () => arrived() - before === sent);

    const pid = gateway.pid();
    const server = stdioPid();
    process.kill(pid, "SIGTERM");
    let ready = await gateway.api("GET", "/readyz");
    while (ready.status === 200) ready = await gateway.api("GET", "/readyz");
    expect([ready.status, ready.json.status]).toEqual([503, "stopping"]);
    const refused = await call(gateway, token, "stdio", { id: "new" });
    expect([refused.status, refused.json.error.code, refused.headers.get("retry-after")]).toEqual([503, -32000, "1"]);
    expect(refused.json.error.message).toStartWith("mcpctl is stopping");
    await expect(sseOf(gateway, token)).rejects.toThrow(/^503 .*mcpctl is stopping/);
    await Promise.all(quiet.map((stream) => stream.ended));

    const answers = await Promise.all([...overSse, ...overHttp.map(async (answer) => (await answer).json.result)]);
    expect(answers.filter((result) => result?.content?.[0]?.text?.startsWith("drain-") !== true)).toEqual([]);
    expect((await last).json.result.content[0].text).toBe("last");
    for (const answer of tooLong) expect((await answer).json.error.message).toMatch(/^server "legacy": /);
    await Promise.all(busy.map((stream) => stream.ended));
    expect([await gateway.exited(), isAlive(server), arrived() - before]).toEqual([0, false, sent]);
  },
  60_000 + longestMs * 2,
);

test("a second SIGTERM waits for nothing", async () => {
  await using gateway = await realServe();
  const token = await projectOf(gateway, upstreams);
  const before = arrived();
  const calls = upstreams.map(({ name }) => call(gateway, token, name, { id: "long", ms: 60_000 }).catch(() => "cut"));
  await gateway.until("every call arrives", async () => arrived() - before === calls.length);
  const server = stdioPid();
  const from = performance.now();
  process.kill(gateway.pid(), "SIGTERM");
  await gateway.until("it stops", async () => (await gateway.api("GET", "/readyz")).status === 503);
  process.kill(gateway.pid(), "SIGTERM");
  expect([await gateway.exited(), isAlive(server)]).toEqual([0, false]);
  expect(performance.now() - from).toBeLessThan(20_000);
  await Promise.all(calls);
}, 60_000);
