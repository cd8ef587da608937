import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The command line as its own process, on a real terminal and in a real pipe, against a server that says just what a test needs. */
const home = mkdtempSync(join(tmpdir(), "mcpctl-terminal-"));
const main = resolve(import.meta.dir, "../../src/main.ts");
const passwords: string[] = [];
let server: Bun.Server<undefined>;
let url = "";

beforeAll(() => {
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: answer });
  url = server.url.origin;
});
afterAll(async () => {
  await server.stop(true);
  rmSync(home, { recursive: true, force: true });
});

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname.endsWith("/auth/login")) {
    passwords.push(((await request.json()) as { password: string }).password);
    return Response.json({
      token: "mcpctl_ses_x",
      expiresAt: "2030-01-01T00:00:00Z",
      user: { name: "ann@example.com" },
    });
  }
  if (pathname.endsWith("/logs")) {
    return new Response(
      new ReadableStream({
        pull: async (controller) => {
          controller.enqueue(new TextEncoder().encode("a line\n"));
          await Bun.sleep(20);
        },
      }),
    );
  }
  return Response.json({ items: [] });
}

/** Types each answer once its question stands on the screen. */
async function onTerminal(words: string[], dialogue: [question: string, typed: string][]) {
  let screen = "";
  const left = [...dialogue];
  const child = Bun.spawn([process.execPath, main, ...words], {
    env: { ...process.env, HOME: home, MCPCTL_URL: url, MCPCTL_CREDENTIAL_STORE: "file" },
    terminal: {
      data: (terminal, bytes) => {
        screen += new TextDecoder().decode(bytes);
        const [next] = left;
        if (next === undefined || !screen.includes(next[0])) return;
        left.shift();

        terminal.write(next[1]);
      },
    },
  });
  return { code: await child.exited, screen };
}

test("a password that is typed is not shown, and arrives as it was typed", async () => {
  const { code, screen } = await onTerminal(
    ["login"],
    [
      ["E-mail address: ", "ann@example.com\r"],
      ["Password: ", " correct horse \r"],
    ],
  );
  expect(screen).toContain("ann@example.com");
  expect(screen).not.toContain("horse");
  expect([code, passwords.at(-1)]).toEqual([0, " correct horse "]);
});

test.each(["\u0003", "\u0004"])("%j at a question ends with 130, and says nothing of errors", async (key) => {
  for (const words of [["login"], ["login", "--email", "a@example.com"], ["delete", "server", "x"]]) {
    const { code, screen } = await onTerminal(words, [[words[0] === "delete" ? "[y/N]" : ":", key]]);
    expect([words.join(" "), code, screen.includes("error")]).toEqual([words.join(" "), 130, false]);
  }
});

test("a terminal is as it was after Ctrl-C at a password, and nothing is kept", async () => {
  let screen = "";
  const line = '"$0" "$@"; echo "ended $?"; stty -a';
  const child = Bun.spawn(["sh", "-c", line, process.execPath, main, "login", "--email", "a@example.com"], {
    env: { ...process.env, HOME: join(home, "untouched"), MCPCTL_URL: url, MCPCTL_CREDENTIAL_STORE: "file" },
    terminal: {
      data: (terminal, bytes) => {
        screen += new TextDecoder().decode(bytes);
        if (screen.endsWith("Password: ")) terminal.write("half\u0003");
      },
    },
  });
  await child.exited;
  expect(screen).toContain("ended 130");
  expect(screen).toMatch(/ icanon .* echo /s);
  expect(screen).not.toContain("half");
  expect(existsSync(join(home, "untouched/.mcpctl"))).toBe(false);
});

test("signs are ASCII on a terminal of another locale", async () => {
  const at = async (LANG: string) => {
    let screen = "";
    const child = Bun.spawn([process.execPath, main, "delete", "--help"], {
      env: { PATH: process.env["PATH"], HOME: home, LANG },
      terminal: { data: (_, bytes) => (screen += new TextDecoder().decode(bytes)) },
    });
    await child.exited;
    return screen;
  };
  expect(await at("C")).toContain("KIND NAME...");
  expect(await at("C.UTF-8")).toContain("KIND NAME…");
});

test("logs that are followed end when their reader goes, in silence", async () => {
  const child = Bun.spawn(["sh", "-c", '"$0" "$@" | head -1', process.execPath, main, "logs", "x", "-f"], {
    env: { ...process.env, HOME: home, MCPCTL_URL: url, MCPCTL_CREDENTIAL_STORE: "file" },
    stderr: "pipe",
  });
  expect(await new Response(child.stdout).text()).toBe("a line\n");
  expect([await child.exited, await new Response(child.stderr).text()]).toEqual([0, ""]);
});

test("a full disk is an error in one line, and no success", async () => {
  const child = Bun.spawn(["sh", "-c", '"$0" "$@" > /dev/full', process.execPath, main, "explain"], { stderr: "pipe" });
  const told = await new Response(child.stderr).text();
  expect([await child.exited, told]).toEqual([
    1,
    expect.stringMatching(/^error: what was to be written .*ENOSPC.*\n$/),
  ]);
});
