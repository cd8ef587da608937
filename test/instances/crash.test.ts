import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isOfFolder } from "../../src/instances/mark.ts";
import { type Process, processesAtOnce } from "../../src/instances/proc.ts";
import { sweep } from "../../src/instances/sweep.ts";
import { readCredentials } from "../../src/lib/credentials-file.ts";
import { fixture } from "../world.ts";

/** The real executable is killed with servers running; what it started has to be gone, at once or with the next start. */
const home = mkdtempSync(join(tmpdir(), "mcpctl-crash-"));
const dataDir = join(home, ".mcpctl/data");
const executable = resolve(import.meta.dir, "../../dist/mcpctl");
const program = existsSync(executable)
  ? [executable]
  : [process.execPath, resolve(import.meta.dir, "../../src/main.ts")];

let serve: Bun.Subprocess<"ignore", "pipe", "ignore"> | undefined;
afterAll(async () => {
  serve?.kill("SIGKILL");
  await serve?.exited;
  sweep(dataDir);
  rmSync(home, { recursive: true, force: true });
});

async function begin(): Promise<(method: string, path: string, body?: unknown) => Promise<Response>> {
  serve = Bun.spawn([...program, "serve", "--port", "0"], {
    env: { PATH: process.env["PATH"] ?? "", HOME: home },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  let url = "";
  let printed = "";
  for await (const chunk of serve.stdout) {
    printed += Buffer.from(chunk).toString();
    url = /serves at (\S+) /.exec(printed)?.[1] ?? "";
    if (url !== "") break;
  }
  const token = () => readCredentials(join(home, ".mcpctl/credentials"))[url]?.token;
  await until(() => token() !== undefined);
  const headers = { authorization: `Bearer ${token()}`, "content-type": "application/json" };
  return async (method, path, body) =>
    await fetch(url + path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
}

/** What the servers are doing, for whoever reads that something never happened. */
let told = async (): Promise<string> => "";

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 15_000; !(await holds()); await Bun.sleep(20))
    if (performance.now() > end) throw new Error(`it never happened: ${holds}\n${await told()}`);
}

const ours = (): Process[] => processesAtOnce().filter(({ pid, isZombie }) => !isZombie && isOfFolder(dataDir)(pid));
const isSame = (a: Process) => (b: Process) => a.pid === b.pid && a.startTicks === b.startTicks;

test("after kill -9 with five servers running, the next start leaves nothing of the life before", async () => {
  const daemon = "(env -i setsid sh -c 'sleep 600 & exec sleep 600' </dev/null >/dev/null 2>&1 &)";
  const inShell = (script: string) => ["sh", "-c", `${script}\nexec "$@"`, "server", ...fixture()];
  const [program = "", ...rest] = fixture("--name", "other", "--ignore-term");
  // Where Bun came by npx it may lie in a folder of root's own.
  const mayAnybody = `test -x '${program}' && test -r '${rest[0]}'`;
  const canBeNobody =
    process.getuid?.() === 0 && Bun.spawnSync(["su", "-s", "/bin/sh", "nobody", "-c", mayAnybody]).exitCode === 0;
  const servers = [
    { command: fixture("--name", "plain") },
    { command: fixture("--name", "deaf", "--ignore-term") },
    { command: inShell(daemon) },
    { command: inShell("setsid sleep 600 & sleep 600 &") },
    { command: [program, ...rest], ...(canBeNobody && { user: "nobody" }) },
  ].map((fields, index) => ({ kind: "server", name: `s${index}`, ...fields }));
  const api = await begin();
  expect((await api("POST", "/api/v1/apply", { documents: servers })).status).toBe(200);
  const states = async () => {
    const { items } = (await (await api("GET", "/api/v1/instances")).json()) as {
      items: { state: string; pid?: number; reason?: string; stderr?: string[] }[];
    };
    return items;
  };
  told = async () => JSON.stringify(await states(), undefined, 1);
  await until(async () => (await states()).filter(({ state }) => state === "RUNNING").length === 5);
  const leaders = (await states()).map(({ pid }) => pid);
  // Five servers, two daemons of one, two sleepers of another.
  await until(() => ours().length === 9);
  const before = ours();

  serve?.kill("SIGKILL");
  await serve?.exited;
  // The servers die with their parent, whoever they run as; what left them behind does not.
  await until(() => ours().every(({ pid }) => !leaders.includes(pid)));
  expect(ours().length).toBe(4);

  const again = await begin();
  await until(() => before.every((each) => !ours().some(isSame(each))));
  await until(
    async () => ((await (await again("GET", "/api/v1/instances")).json()) as { items: object[] }).items.length === 5,
  );
}, 60_000);
