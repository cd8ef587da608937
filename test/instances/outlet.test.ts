import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { openOutlet, type Pieces } from "../../src/instances/outlet.ts";

function started(...command: string[]) {
  const outlet = openOutlet();
  if (outlet === undefined) throw new Error("there is no outlet here");
  const child = Bun.spawn(command, { stdin: "ignore", stdout: outlet.childEnd, stderr: "inherit" });
  outlet.spawned(true);
  return { child, pieces: outlet.read() };
}

async function all({ chunks }: Pieces): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

const open = () => readdirSync("/proc/self/fd").length;

test("all that a child says comes in order, to its very end", async () => {
  const { pieces } = started("seq", "1", "400000");
  const lines = (await all(pieces)).toString().trimEnd().split("\n");
  expect(lines).toHaveLength(400_000);
  expect(lines.every((line, n) => line === String(n + 1))).toBe(true);
});

test("a child whose words nobody takes has to wait with them", async () => {
  const { child, pieces } = started("head", "-c", "30000000", "/dev/zero");
  const first = await pieces.chunks.next();
  expect(first.done).toBe(false);
  const before = process.memoryUsage().rss;
  await Bun.sleep(300);
  expect(child.exitCode).toBeNull();
  expect(process.memoryUsage().rss - before).toBeLessThan(8 * 2 ** 20);
  expect((await all(pieces)).length + (first.value?.length ?? 0)).toBe(30_000_000);
  expect(await child.exited).toBe(0);
});

test("what is let go of, or never started, keeps no descriptor", async () => {
  const before = open();
  const { child, pieces } = started("sleep", "60");
  const reading = all(pieces);
  await Bun.sleep(20);
  pieces.close();
  expect(await reading).toHaveLength(0);
  child.kill();
  await child.exited;
  openOutlet()?.spawned(false);
  await Bun.sleep(20);
  expect(open()).toBeLessThanOrEqual(before + 1);
});
