import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { faults } from "../../scripts/start/faults.ts";
import { ask, type Listed, mcpctl, type Session, tokenFor } from "../../scripts/start/session.ts";

/** `npm start -- --example faults`, against the executable, as a stranger lives it. */
const root = resolve(import.meta.dir, "../..");
const executable = join(root, "dist/mcpctl");
const home = mkdtempSync(join(tmpdir(), "mcpctl-faults-"));
const said: string[] = [];
const over = new AbortController();
const session: Session = {
  url: "",
  folder: home,
  executable,
  env: {
    ...process.env,
    HOME: home,
    BUN_INSTALL_CACHE_DIR: process.env["BUN_INSTALL_CACHE_DIR"] ?? `${process.env["HOME"]}/.bun/install/cache`,
  },
  over: over.signal,
  say: (text) => void said.push(text),
};
let serve: Bun.Subprocess<"ignore", "pipe", "inherit">;

beforeAll(async () => {
  if (!existsSync(executable)) throw new Error("dist/mcpctl is missing: bun run build");
  const flags = ["--port", "0", "--data-dir", join(home, "data"), "--log", "warn"];
  serve = Bun.spawn([executable, "serve", ...flags], {
    cwd: root,
    env: session.env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await serve.stdout.getReader().read();
  session.url = /serves at (http:\S+)/.exec(new TextDecoder().decode(value))?.[1] ?? "";
});
afterAll(async () => {
  over.abort();
  serve.kill("SIGKILL");
  await serve.exited;
  rmSync(home, { recursive: true, force: true });
});

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end; await Bun.sleep(100)) if (await holds()) return;
  throw new Error(`it never happened: ${what}\n${said.join("\n")}`);
}

test("two of five are broken: the list says which and why, at once, and a repair needs no restart", async () => {
  await faults.show(session);
  const told = said.join("\n");
  expect(told).toMatch(/^ {2}everything +13 tools$/m);
  expect(told).toMatch(/^ {2}files +14 tools$/m);
  expect(told).toMatch(/^ {2}thinking +1 tool$/m);
  expect(told).toMatch(/^ {2}tickets +0 tools +missing: exited with code 1$/m);
  expect(told).toMatch(/^ {2}wiki +0 tools +missing: it cannot be reached: nothing takes connections at its address$/m);

  // Of several, since the machine may be busy with something else for a moment.
  const { token } = tokenFor(session, "faults", "faults");
  const took: number[] = [];
  for (let i = 0; i < 20; i++) {
    const startedAt = performance.now();
    await ask<Listed>(session, token, "tools/list");
    took.push(performance.now() - startedAt);
  }
  expect(Math.min(...took)).toBeLessThan(100);

  // Each command that it names explains what it says it does.
  const commands = [...told.matchAll(/^ {2}MCPCTL_URL=\S+ \.\/dist\/mcpctl ([^#\n]+)/gm)].map(([, words = ""]) =>
    words.trim(),
  );
  const [projects = "", servers = "", instances = "", tickets = "", logs = "", wiki = ""] = commands;
  expect(commands).toHaveLength(7);
  const answer = (words: string) => mcpctl(session, ...words.split(" "));
  // At some moments one of them is just being tried again.
  const says = (words: string, pattern: RegExp) => until(`${words}: ${pattern}`, () => pattern.test(answer(words)));
  expect(answer(projects)).toMatch(/^faults +3\/5 /m);
  for (const name of ["everything", "files", "thinking", "tickets", "wiki"]) expect(answer(servers)).toContain(name);
  // What is at a url has no instance: what is said of it must not send anybody there.
  expect(answer(instances)).not.toContain("wiki");
  expect(told).toContain('"wiki" is at a url, and has none here');
  await says(wiki, /it cannot be reached: nothing takes connections at its address/);
  await says(wiki, /the next call tries again/);
  await says(instances, /^tickets-1 .*exited with code 1: TICKETS_TOKEN is not set: the ticket system lets nobody/m);
  await says(tickets, /Ended: +with exit code 1\n +Last lines on standard error:\n +\| TICKETS_TOKEN is not set/);
  expect(answer(logs)).toContain("TICKETS_TOKEN is not set");

  const repair = commands.find((words) => words.startsWith("apply")) ?? "";
  expect(mcpctl(session, ...repair.split(" "))).toContain("server/tickets configured");
  await until("it is told of", () => said.some((line) => /now: tickets +1 tool$/.test(line)));
  expect(mcpctl(session, "get", "projects")).toMatch(/^faults +4\/5 /m);
  expect(mcpctl(session, "get", "instances", "-o", "json")).not.toContain("any-token-will-do");
}, 120_000);
