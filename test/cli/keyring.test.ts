import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** A real keyring on a bus of its own: gnome-keyring, dbus and libsecret from the distribution; and one that never says a word. */
const programs = ["dbus-run-session", "gnome-keyring-daemon"].every((name) => Bun.which(name) !== null);
const home = mkdtempSync(join(tmpdir(), "mcpctl-keyring-"));
const token = "mcpctl_ses_ofAnn";
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) =>
    request.headers.get("authorization") === `Bearer ${token}`
      ? Response.json({ subject: "User:ann", user: "ann", bindings: [] })
      : Response.json({ code: "unauthenticated", detail: "no" }, { status: 401 }),
});
afterAll(async () => {
  await server.stop(true);
  rmSync(home, { recursive: true, force: true });
});

const mcpctl = `'${process.execPath}' '${resolve(import.meta.dir, "../../src/main.ts")}'`;
const login = `echo ${token} | ${mcpctl} login ${server.url.origin} --with-token`;
const credentials = () => JSON.parse(readFileSync(join(home, ".mcpctl/credentials"), "utf8"))[server.url.origin];

async function sh(words: string[], variables: Record<string, string> = {}) {
  const child = Bun.spawn(words, {
    env: { PATH: process.env["PATH"], HOME: home, ...variables },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, out, err };
}

test.skipIf(!programs)(
  "a login lies in the system's keyring, is found there again, and goes with logout",
  async () => {
    mkdirSync(join(home, ".local/share/keyrings"), { recursive: true });
    const unlocked = "echo -n pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";
    const script = `${unlocked}; ${login}; cat .mcpctl/credentials; ${mcpctl} whoami -q; ${mcpctl} logout; ${mcpctl} whoami`;
    const { out } = await sh(["dbus-run-session", "--", "sh", "-c", `cd '${home}'; ${script}`]);
    expect(out).toContain("kept in the system's keyring");
    expect(out).toContain('"keyring": true');
    expect(out).toContain("\nUser:ann\n");
    expect(out).toEndWith(`Logged out of ${server.url.origin}\n`);
    expect(out).not.toContain(token);
  },
  30_000,
);

test("a keyring that never answers is waited for two seconds, the login is kept, and the process ends", async () => {
  const socket = join(home, "bus");
  const listener = Bun.listen({ unix: socket, socket: { data: () => {} } });
  const start = performance.now();
  const said = await sh(["sh", "-c", login], { DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}` });
  listener.stop(true);
  expect(said.err).toMatch(/^warning: the system's keyring (does not answer|cannot be used): the login lies in/);
  expect([said.code, credentials()]).toEqual([0, { user: "ann", token }]);
  expect(performance.now() - start).toBeLessThan(15_000);
}, 30_000);
