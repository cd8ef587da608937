import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "../../src/instances/child.ts";
import { safelist, serverEnvironment } from "../../src/instances/environment.ts";
import { logRing } from "../../src/instances/log-ring.ts";
import { selfCommand } from "../../src/instances/self.ts";
import { sweep } from "../../src/instances/sweep.ts";
import { fixture } from "../world.ts";

const dataDir = mkdtempSync(join(tmpdir(), "mcpctl-child-"));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const start = (command: readonly string[], env: Record<string, string> = {}) => {
  const log = logRing();
  return {
    log,
    child: startChild({
      command,
      asBun: false,
      env: serverEnvironment(env),
      cwd: undefined,
      log,
      dataDir,
      instance: "own",
    }),
  };
};
/** The first answer of a fixture server: it runs and listens. */
const ping = (child: ReturnType<typeof start>["child"]) =>
  new Promise<string>((resolve) => {
    child.onMessage(resolve);
    child.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
  });
const alive = (pid: number) => existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
const sleepers = () =>
  readdirSync("/proc").filter(
    (pid) => /^\d+$/.test(pid) && commandOf(pid) === "sleep\x00987\x00" && alive(Number(pid)),
  );
const commandOf = (pid: string) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
};
async function until(holds: () => boolean, ms = 5_000): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await Bun.sleep(20)) if (holds()) return true;
  return holds();
}

test("messages go both ways, and what a server prints besides is a log line", async () => {
  const { child, log } = start(fixture("--noise"));
  expect(await ping(child)).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
  expect(log.tail(10)).toContain("[stdout] [not json]");
  expect(await child.stop(false)).toMatchObject({ code: 0, signal: null });
  expect(() => child.send("{}")).toThrow("has ended");
});

describe("how it ended is known", () => {
  test.each([
    [
      "a code and last words",
      fixture("--stderr", "no such token", "--exit", "3"),
      { code: 3, stderr: ["no such token"] },
    ],
    ["no such file", ["/nowhere/x"], { code: 127, stderr: ["mcpctl: /nowhere/x: there is no such file"] }],
    [
      "no such program",
      ["no-such-program-x"],
      { code: 127, stderr: ["mcpctl: no-such-program-x: there is no such program in PATH"] },
    ],
    ["not executable", ["/etc/hostname"], { code: 126, stderr: ["mcpctl: /etc/hostname: it is not executable"] }],
  ])("%s", async (_, command, expected) => {
    expect(await start(command).child.closed).toMatchObject(expected);
  });
});

describe("nothing is left", () => {
  test("a server that ignores everything is killed, its grandchild with it", async () => {
    const { child } = start(fixture("--ignore-term", "--grandchild"));
    await ping(child);
    expect(sleepers().length).toBeGreaterThan(0);
    expect(await child.stop(true)).toMatchObject({ signal: "SIGKILL" });
    expect(await until(() => sleepers().length === 0)).toBe(true);
  });

  test("a grandchild goes when the server ends by itself", async () => {
    const { child } = start(fixture("--grandchild"));
    await ping(child);
    process.kill(child.pid, "SIGKILL");
    await child.closed;
    expect(await until(() => sleepers().length === 0)).toBe(true);
  });

  test("a parent that is killed takes its server along, and the next start sweeps what that left", async () => {
    const script = `
      const { startChild } = await import(${JSON.stringify(join(import.meta.dir, "../../src/instances/child.ts"))});
      const { logRing } = await import(${JSON.stringify(join(import.meta.dir, "../../src/instances/log-ring.ts"))});
      const child = startChild({ command: ${JSON.stringify(fixture("--grandchild", "--ignore-term"))}, asBun: false, env: process.env, cwd: undefined, log: logRing(), instance: "own", dataDir: ${JSON.stringify(dataDir)} });
      child.onMessage(() => console.log(child.pid));
      child.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
      setInterval(() => {}, 1000);`;
    const parent = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
    const { value } = await parent.stdout.getReader().read();
    const pid = Number(new TextDecoder().decode(value));
    expect(alive(pid)).toBe(true);
    parent.kill("SIGKILL");
    expect(await until(() => !alive(pid))).toBe(true);
    // The kernel's promise reaches the server only; its own child is found by the group it is in.
    expect(sleepers().length).toBe(1);
    expect(sweep(dataDir)).toBe(1);
    expect(await until(() => sleepers().length === 0)).toBe(true);
    expect(sweep(dataDir)).toBe(0);
  });

  test("a sweep leaves a process alone that only has the same number", async () => {
    const bystander = Bun.spawn(["sleep", "30"]);
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    await Bun.write(
      join(dataDir, "run", `${bystander.pid}.json`),
      JSON.stringify({ pid: bystander.pid, startTicks: "1", bootId }),
    );
    expect(sweep(dataDir)).toBe(0);
    expect(alive(bystander.pid)).toBe(true);
    bystander.kill();
  });
});

describe("a server cannot harm us", () => {
  test("megabytes on standard error neither hang it nor stay in memory", async () => {
    const { child, log } = start(fixture("--flood-stderr"));
    expect(await ping(child)).toContain("result");
    expect(log.tail(100_000).length).toBeLessThanOrEqual(1_000);
    await child.stop(true);
  });

  test("a line without end is cut off and the server with it", async () => {
    const { child } = start(["sh", "-c", "while :; do head -c 1000000 /dev/zero | tr '\\0' a; done"]);
    expect(await child.closed).toMatchObject({
      signal: "SIGKILL",
      reason: "it wrote a line of over 10 MiB; limits.lineBytes of the server sets this",
    });
  });

  test("one that chatters at full speed leaves us our turns", async () => {
    const { child } = start(["sh", "-c", `yes '{"jsonrpc":"2.0","method":"notifications/x"}'`]);
    let seen = 0;
    child.onMessage(() => void seen++);
    await until(() => seen > 1_000);
    let turns = 0;
    for (const end = performance.now() + 500; performance.now() < end; turns++) await Bun.sleep(5);
    await child.stop(true);
    expect(turns).toBeGreaterThan(20);
  });
});

test("a server inherits what is on this list and nothing else", async () => {
  expect([...safelist].sort()).toEqual([
    "APPDATA",
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LOCALAPPDATA",
    "LOGNAME",
    "NODE_EXTRA_CA_CERTS",
    "PATH",
    "PATHEXT",
    "SHELL",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SYSTEMROOT",
    "TEMP",
    "TERM",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    "USERPROFILE",
  ]);
  const inherited = {
    PATH: "/bin",
    MCPCTL_TOKEN: "secret",
    BUN_OPTIONS: "--preload x",
    BUN_BE_BUN: "1",
    AWS_SECRET_ACCESS_KEY: "x",
  };
  expect(serverEnvironment({ OWN: "1", BUN_OPTIONS: "--preload y" }, inherited)).toEqual({ PATH: "/bin", OWN: "1" });
});

test("from source, we start ourselves again through Bun", () => {
  expect(selfCommand()[0]).toBe(process.execPath);
  expect(selfCommand()[1]).toEndWith("src/main.ts");
});
