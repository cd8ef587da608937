import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Outcome } from "./cycles.ts";

/** `bun run cycles` plays ten thousand; `npm test` a few dozen, of which a fifth meet servers that end only when they are killed. */
const cycles = Number(process.env["MCPCTL_CYCLES"] ?? 40);
const program = [process.execPath, join(import.meta.dir, "cycles.ts"), String(cycles)];
const spaces = [
  ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"],
  ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child"],
];
const space = spaces.find(([command = "", ...flags]) => {
  const program = Bun.which(command);
  return program !== null && Bun.spawnSync([program, ...flags, "true"]).exitCode === 0;
});
if (space === undefined)
  process.stderr.write("skipped: this machine lets nobody be process 1, so that is not tested\n");

const nothingLeft = { cycles, wrongExits: [], processes: 0, zombies: 0, descriptors: 0, notes: 0 };

async function played(prefix: readonly string[]): Promise<Outcome> {
  const run = Bun.spawn([...prefix, ...program], { stdout: "pipe", stderr: "inherit" });
  return (await new Response(run.stdout).json()) as Outcome;
}

test("started and stopped again and again, servers leave no process, no zombie and no descriptor", async () => {
  expect(await played([])).toMatchObject(nothingLeft);
}, 3_600_000);

test.skipIf(space === undefined)(
  "nor do they where mcpctl is process 1",
  async () => {
    expect(await played(space ?? [])).toMatchObject({ ...nothingLeft, pid: 1 });
  },
  3_600_000,
);
