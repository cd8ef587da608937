import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "../../src/instances/child.ts";
import { membersOf } from "../../src/instances/family.ts";
import { logRing } from "../../src/instances/log-ring.ts";
import { isOfFolder, isOfRun, type Mark, markOfRun } from "../../src/instances/mark.ts";
import { parseStat, processesAtOnce, processOf } from "../../src/instances/proc.ts";
import { sweep } from "../../src/instances/sweep.ts";
import { type Habit, serverOf } from "./habits.ts";

const dataDir = mkdtempSync(join(tmpdir(), "mcpctl-escape-"));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const start = (command: readonly string[], env: Record<string, string> = {}) =>
  startChild({
    command,
    asBun: false,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    log: logRing(),
    dataDir,
    instance: "own",
    patience: { afterEofMs: 500, afterTermMs: 500 },
  });
const answered = (child: ReturnType<typeof start>) =>
  new Promise<string>((resolve) => {
    child.onMessage(resolve);
    child.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
  });
const isAlive = (pid: number) => processOf(pid)?.isZombie === false;
async function until(holds: () => boolean): Promise<boolean> {
  for (const end = performance.now() + 5_000; performance.now() < end && !holds(); ) await Bun.sleep(10);
  return holds();
}
const limitOf = (pid: number) =>
  BigInt(/realtime timeout +(\d+)/.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))?.[1] ?? 0);
/** All that has the leader's limit, its leader included. */
const marked = (limit: bigint) => {
  const has = (pid: number) => {
    try {
      return limitOf(pid) === limit;
    } catch {
      return false;
    }
  };
  return processesAtOnce().flatMap(({ pid, isZombie }) => (!isZombie && has(pid) ? [pid] : []));
};

describe("what escapes its server's group is ended with it", () => {
  test.each<[Habit, number]>([
    ["has a child in a session of its own", 2],
    ["has a daemon", 3],
    ["has a daemon without its environment", 3],
  ])("%s", async (habit, count) => {
    const child = start(serverOf(habit));
    await answered(child);
    const limit = limitOf(child.pid);
    const escaped = () => marked(limit).filter((pid) => processOf(pid)?.group !== child.pid);
    expect(await until(() => marked(limit).length === count && escaped().length > 0)).toBe(true);
    const others = escaped();
    await child.stop(false);
    expect(marked(limit)).toEqual([]);
    expect(others.some(isAlive)).toBe(false);
  });

  test("whether it holds the server's pipes or not", async () => {
    const before = readdirSync("/proc/self/fd").length;
    const child = start(["sh", "-c", "setsid sleep 600 & read -r line"]);
    await child.stop(false);
    expect(await until(() => readdirSync("/proc/self/fd").length <= before)).toBe(true);
  });

  test("another run of the same server is left alone", async () => {
    const [one, two] = [start(serverOf("has a daemon")), start(serverOf("has a daemon"))];
    await Promise.all([answered(one), answered(two)]);
    const limit = limitOf(two.pid);
    expect(await until(() => marked(limit).length === 3)).toBe(true);
    await one.stop(true);
    expect(marked(limit)).toHaveLength(3);
    await two.stop(true);
  });
});

describe("the mark", () => {
  const bystander = (mark: Mark) => Bun.spawn(["sleep", "60"], { env: { MCPCTL_INSTANCE: mark.text } });

  test("is the server's, whatever its own variables say, and no secret", async () => {
    const child = start(serverOf("ends with its input"), { MCPCTL_INSTANCE: "mine" });
    await answered(child);
    const variables = readFileSync(`/proc/${child.pid}/environ`, "utf8").split("\0");
    expect(variables.filter((each) => each.startsWith("MCPCTL_"))).toEqual([
      expect.stringMatching(/^MCPCTL_INSTANCE=[0-9a-f]{8}\.own\.[0-9a-f]{8}$/),
    ]);
    await child.stop(true);
  });

  test("is found in the variable alone, where there is no such limit", async () => {
    const mark = markOfRun(dataDir, "own");
    const process = bystander(mark);
    expect(await until(() => isOfRun(process.pid, mark))).toBe(true);
    expect(isOfFolder(dataDir)(process.pid)).toBe(true);
    expect(isOfRun(process.pid, markOfRun(dataDir, "own"))).toBe(false);
    process.kill("SIGKILL");
  });

  test("of another data folder is nothing to a sweep", async () => {
    const other = mkdtempSync(join(tmpdir(), "mcpctl-escape-other-"));
    const [ours, theirs] = [bystander(markOfRun(dataDir, "own")), bystander(markOfRun(other, "own"))];
    await until(() => isOfFolder(dataDir)(ours.pid) && isOfFolder(other)(theirs.pid));
    expect(sweep(dataDir)).toBe(1);
    expect(await until(() => !isAlive(ours.pid))).toBe(true);
    expect(isAlive(theirs.pid)).toBe(true);
    theirs.kill("SIGKILL");
    rmSync(other, { recursive: true });
  });
});

test("a family is who descends from the leader or is marked; nobody older, nobody dead, no other with the same number", () => {
  const process = (pid: number, parent: number, startTicks: number, isZombie = false) =>
    ({ pid, parent, group: pid, startTicks: BigInt(startTicks), isZombie, threads: 1, residentPages: 1 }) as const;
  const all = [
    process(1, 0, 1),
    process(30, 20, 10),
    process(10, 1, 10),
    process(20, 10, 11),
    process(40, 10, 12, true),
    process(50, 1, 13),
    process(51, 50, 13),
    process(60, 1, 9),
    process(70, 1, 14),
  ];
  const pids = (startTicks: bigint) =>
    membersOf({ leader: 10, startTicks }, all, new Set([50, 60])).map(({ pid }) => pid);
  expect(pids(10n)).toEqual([30, 10, 20, 50, 51]);
  expect(pids(8n)).toEqual([50, 51, 60]);
});

test("a process's name may look like the fields after it", () => {
  const text = `7 (a) Z 9 (b) S 3 5 6 0 -1 0 0 0 0 0 0 0 0 0 20 0 4 0 99 1000 25 0`;
  expect(parseStat(text)).toEqual({
    pid: 7,
    isZombie: false,
    parent: 3,
    group: 5,
    threads: 4,
    startTicks: 99n,
    residentPages: 25,
  });
  const own = processOf(process.pid);
  expect(own).toMatchObject({ pid: process.pid, parent: process.ppid });
});

test("a server has three descriptors, and none of ours", async () => {
  const child = start(serverOf("ends with its input"));
  await answered(child);
  const folder = `/proc/${child.pid}/fd`;
  expect(readdirSync(folder).sort()).toEqual(["0", "1", "2"]);
  expect(existsSync(folder) && readlinkSync(`${folder}/0`)).toMatch(/^(socket|pipe):/);
  await child.stop(true);
});

test("arguments reach the server as they are, and no shell", async () => {
  const odd = ["$(id)", "; rm -rf x", "a\nb", "", " ", "`id`", "*", "~", "--flag=$HOME", "\\", "'\"", "é😀", "-c"];
  const heard = join(dataDir, "heard");
  await start(["sh", "-c", `printf '%s\\0' "$@" > ${heard}`, "name", ...odd]).closed;
  expect(readFileSync(heard, "utf8").split("\0").slice(0, -1)).toEqual(odd);
});
