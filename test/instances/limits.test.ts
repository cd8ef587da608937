import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Exit } from "../../src/instances/channel.ts";
import { createContainers } from "../../src/instances/container/containers.ts";
import { createLauncher, type Started } from "../../src/instances/launcher.ts";
import { logRing } from "../../src/instances/log-ring.ts";
import { createPackages } from "../../src/instances/package.ts";
import { createUsageWatch } from "../../src/instances/usage.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { ServerFields } from "../../src/resources/server.ts";
import { silentLog } from "../log.ts";

/** The limits of a process for real: asked of the kernel, or watched. */
const home = mkdtempSync(join(tmpdir(), "mcpctl-limits-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const launch = createLauncher(
  createPackages(join(home, "packages"), silentLog, new AbortController().signal, systemClock),
  createContainers({ sockets: [], dataDir: home }),
  home,
  createUsageWatch(20),
);
const isRoot = process.getuid?.() === 0;

async function start(fields: Partial<ServerFields>, env: Record<string, string> = {}) {
  const log = logRing();
  const server = { id: "1", name: "x", fields: { transport: "stdio", ...fields } as ServerFields };
  return { log, run: await launch({ server, env, log: () => log, instance: "own" }) };
}
const shell = (script: string) => ({ command: ["sh", "-c", script] });
const ended = async (run: Started): Promise<Exit> => await run.closed;

describe("asked of the kernel", () => {
  test("open files: so many and not one more, and the server cannot raise it", async () => {
    const { run } = await start({ ...shell("ulimit -Hn >&2; ulimit -Sn >&2"), openFiles: 77 });
    expect((await ended(run)).stderr).toEqual(["77", "77"]);
  });

  test("processors: one of them, and told that a part is none", async () => {
    const { run, log } = await start({ ...shell("grep Cpus_allowed_list /proc/self/status >&2"), cpus: 0.5 });
    expect((await ended(run)).stderr.at(-1)).toMatch(/^Cpus_allowed_list:\s+\d+$/);
    expect(log.tail(9)).toContain("[mcpctl] cpus: 0.5 of a process is 1, whole processors; an image takes parts");
  });

  test("when memory runs out, a server goes before we do", async () => {
    const { run } = await start(shell("cat /proc/self/oom_score_adj >&2"));
    const own = Number(readFileSync("/proc/self/oom_score_adj", "utf8"));
    expect((await ended(run)).stderr).toEqual([String(Math.max(own, 300))]);
  });
});

describe("watched", () => {
  test("memory: of all its processes together", async () => {
    const hoard = "head -c 60000000 /dev/zero | tail -c 59000000 | sleep 60";
    const { run } = await start({ ...shell(`${hoard} & ${hoard} & wait`), memoryMiB: 100 });
    const { signal, reason } = await ended(run);
    expect(reason).toMatch(/^it used 1\d\d MiB of the 100 MiB that it may$/);
    expect(signal).toBe("SIGKILL");
  });

  test("processes: those included that have left its group", async () => {
    const many = "for i in 1 2 3 4 5 6 7 8; do setsid sleep 60 & done; wait";
    const { run } = await start({ ...shell(many), processes: 5 });
    expect((await ended(run)).reason).toMatch(/^it had \d of the 5 processes and threads that it may have$/);
  });

  test("what stays within is left in peace", async () => {
    const { run } = await start({ ...shell("sleep 0.6; exit 7"), processes: 2, memoryMiB: 64 });
    expect(await ended(run)).toMatchObject({ code: 7 });
  });
});

describe("another user", () => {
  const user = "nobody";
  const { uid, gid } = userOf(user);

  test("has its rights and no others, its name and its home; the server's own variables win", async () => {
    if (!isRoot)
      return await expect(start({ ...shell("id"), user })).rejects.toThrow("to run it as nobody mcpctl must be root");
    const say = "id -u; id -g; id -G; echo $USER $LOGNAME $HOME; cat /etc/shadow; grep ocesses /proc/self/limits; pwd";
    const { run } = await start({ ...shell(`(${say}) >&2`), user, processes: 50 }, { HOME: "/own" });
    const { stderr } = await ended(run);
    expect(stderr.slice(0, 4)).toEqual([uid, gid, gid, `${user} ${user} /own`]);
    expect(stderr[4]).toContain("Permission denied");
    expect(stderr[5]).toMatch(/^Max processes +50 +50 /);
    expect(stderr[6]).toBe("/");
  });

  test("may have fewer processes than we need to become it", async () => {
    if (!isRoot) return;
    const others = "for i in 1 2 3 4 5; do sleep 1 & done; wait";
    const { run } = await start({ ...shell(`exec 2>&1; ${others}; echo over >&2`), user: "60123:60123", processes: 3 });
    const { code, reason, stderr } = await ended(run);
    // Either the kernel refuses the fourth, or it was too many at once when they were counted.
    if (reason === undefined) expect([code, stderr.join()]).toEqual([2, expect.stringContaining("fork")]);
    else expect(reason).toMatch(/ of the 3 processes/);
  });

  test("one that is not there, and a folder that it may not enter, are told of", async () => {
    await expect(start({ ...shell("id"), user: "no-such-user" })).rejects.toThrow("there is no user no-such-user");
    if (!isRoot) return;
    const closed = join(home, "closed");
    mkdirSync(closed);
    chmodSync(closed, 0o700);
    const cwd = await start({ ...shell("id"), user, cwd: closed });
    expect(await ended(cwd.run)).toMatchObject({
      code: 126,
      stderr: [`mcpctl: the user ${user} may not enter its cwd ${closed}`],
    });
    await expect(start({ packageName: "x", user })).rejects.toThrow("a package lies in mcpctl's data folder");
  });
});

function userOf(name: string): { uid: string; gid: string } {
  const row = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => line.startsWith(`${name}:`));
  const [, , uid = "", gid = ""] = row?.split(":") ?? [];
  return { uid, gid };
}
