import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adminEmail, bootstrap } from "../src/auth/bootstrap.ts";
import { openSession } from "../src/auth/session.ts";
import { editorOf, openEditor } from "../src/cli/editor.ts";
import type { Env } from "../src/cli/environment.ts";
import { run } from "../src/cli/run.ts";
import type { Keyring } from "../src/client/keyring.ts";
import type { Clock } from "../src/lib/clock.ts";
import { saveCredential } from "../src/lib/credentials-file.ts";
import type { Binding } from "../src/resources/rbac.ts";
import { masterKey } from "../src/secrets/master-key.ts";
import { createApp } from "../src/server/app.ts";
import { compose } from "../src/server/compose.ts";
import { readConfig } from "../src/server/config.ts";
import { listen } from "../src/server/listen.ts";
import { openDatabase } from "../src/storage/open.ts";
import { findResource } from "../src/storage/resources.ts";
import { envWith } from "./env.ts";
import { logTo } from "./log.ts";

const url = "http://127.0.0.1:3200";

export type World = Awaited<ReturnType<typeof world>>;

/**
 * A whole mcpctl in memory: real SQLite, real gateway, real processes, no socket of its own. `cli` runs whole command lines against it,
 * `api` sends requests, `advance` moves its clock, `comeFrom` says from which address they come. Close it, or use `await using`.
 * `settings` are flags of `serve`; another `keyByte` is another master key. A database given by its file outlives it, so that a second world is a restart.
 */
export async function world(settings: Record<string, string> = {}, keyByte = 7) {
  const home = mkdtempSync(join(tmpdir(), "mcpctl-world-"));
  const config = readConfig(
    { "data-dir": join(home, "data"), database: "sqlite::memory:", ...settings },
    { HOME: home },
  );
  let ahead = 0;
  let stoppedAt: number | undefined;
  const clock: Clock = { now: () => (stoppedAt ?? Date.now()) + ahead };
  const logs: string[] = [];
  const log = logTo((line) => void logs.push(line), clock.now);
  const db = openDatabase(config.database);
  const first = await bootstrap(db, clock.now());
  const rooms = await compose({ config, db, master: masterKey(Buffer.alloc(32, keyByte)), clock, log });
  let address: string | undefined;
  const app = createApp(rooms, () => address);
  rooms.supervisor.start();

  const fetch = async (request: Request): Promise<Response> => {
    const headers = new Headers(request.headers);
    if (!headers.has("host")) headers.set("host", new URL(request.url).host);
    return await app.handle(new Request(request, { headers }));
  };
  /** A login of this user, made without a password: what is tested elsewhere costs no argon2 here. */
  const loginAs = async (email: string): Promise<string> =>
    await db.write(function* () {
      const user = yield* findResource("user", email);
      return (yield* openSession(rooms.hashKeys, user?.id ?? "", "test", clock.now(), null)).token;
    });
  const admin = await loginAs(adminEmail);

  async function api(method: string, path: string, body?: unknown, token: string | undefined = admin) {
    const response = await fetch(
      new Request(url + path, {
        method,
        headers: { ...(token === "" ? {} : { authorization: `Bearer ${token}` }), "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return {
      status: response.status,
      headers: response.headers,
      text,
      // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
      json: (isJson ? JSON.parse(text) : undefined) as any,
    };
  }

  async function must(method: string, path: string, body?: unknown) {
    const answer = await api(method, path, body);
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${answer.text}\n${logs.slice(-3).join("\n")}`);
    return answer.json;
  }

  /** A user with exactly these rights, logged in. */
  async function userWith(name: string, roleBindings: readonly Binding[]): Promise<string> {
    await must("POST", "/api/v1/users", { name: `${name}@example.com` });
    await must("POST", "/api/v1/rbac", {
      name: `of-${name}`,
      subjects: [{ kind: "User", name: `${name}@example.com` }],
      roleBindings,
    });
    return await loginAs(`${name}@example.com`);
  }

  /** A new token for each name, of the project that stands beside it. */
  async function tokensFor<Name extends string>(projects: Record<Name, string>): Promise<Record<Name, string>> {
    const tokens = {} as Record<Name, string>;
    for (const name in projects)
      tokens[name] = (await must("POST", "/api/v1/mcptokens", { name, project: projects[name] })).token;
    return tokens;
  }

  /** One JSON-RPC request to the gateway, as a legacy client sends it. */
  async function rpc(token: string, method: string, params: object = {}, path = "/mcp") {
    return await api("POST", path, { jsonrpc: "2.0", id: 1, method, params }, token);
  }

  const out: string[] = [];
  const err: string[] = [];
  type Input = {
    stdin?: string;
    files?: Record<string, string>;
    answers?: string[];
    terminal?: boolean;
    screen?: { columns: number; rows: number };
    variables?: Record<string, string>;
    keyring?: Keyring;
    /** Logins are as the last command line left them; without it the administrator is logged in. */
    asLeft?: boolean;
    /** What else of the process is another, such as its signals. */
    env?: Partial<Env>;
    /** What the person does in the editor; without it the real one is opened. */
    edit?: (path: string) => Promise<number>;
  };
  /** Runs a command line in this process; answers its exit code and what it printed. */
  async function cli(words: readonly string[], input: Input = {}) {
    out.length = 0;
    err.length = 0;
    if (input.asLeft !== true)
      saveCredential(join(home, ".mcpctl", "credentials"), url, { token: admin, user: adminEmail });
    const answers = [...(input.answers ?? [])];
    const env = envWith({
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      isTerminal: input.terminal ?? false,
      screen: input.screen,
      isInteractive: input.answers !== undefined,
      variables: { NO_COLOR: "1", ...input.variables },
      now: clock.now,
      home: join(home, ".mcpctl"),
      readFile: async (path) => input.files?.[path] ?? (await Bun.file(path).text()),
      readInput: async () => input.stdin ?? "",
      input: async function* () {
        yield new TextEncoder().encode(input.stdin ?? "");
      },
      ask: async () => answers.shift() ?? "",
      edit: async (path) =>
        input.edit === undefined
          ? await openEditor(editorOf(input.variables ?? {}, input.answers !== undefined), path)
          : await input.edit(path),
      fetch,
      keyring: input.keyring,
      ...input.env,
    });
    const code = await run(words, env);
    return { code, out: out.join("\n"), err: err.join("\n") };
  }

  /** Waits until a condition holds; fails loudly after fifteen seconds, where nothing else is said. */
  async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> {
    const end = performance.now() + ms;
    while (!(await holds())) {
      if (performance.now() > end) throw new Error(`it never happened: ${what}\n${logs.slice(-20).join("\n")}`);
      await Bun.sleep(10);
    }
  }
  const isRunning = (name: string) => async () =>
    (await api("GET", `/api/v1/servers/${name}`)).json?.status?.state === "RUNNING";

  async function close(): Promise<void> {
    await app.server?.stop(true);
    await rooms.close(true);
    rmSync(home, { recursive: true, force: true });
  }

  return {
    url,
    home,
    rooms,
    logs,
    first,
    admin,
    fetch,
    api,
    must,
    rpc,
    cli,
    until,
    isRunning,
    loginAs,
    userWith,
    tokensFor,
    advance: (ms: number) => {
      ahead += ms;
    },
    /** Time stands still until `advance`, however slow this machine is. */
    stopClock: () => {
      stoppedAt = Date.now();
    },
    /** Serves on a socket of this machine as `serve` does; answers its address. */
    listen: () => listen(app, { host: "127.0.0.1", port: 0 }),
    /** From now on requests come from this network address; at first there is none. */
    comeFrom: (from: string | undefined) => {
      address = from;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A refusal without what is of that one request alone: two may say the same. */
export const alike = (text: string | undefined): string => (text ?? "").replace(/,?"requestId":"[^"]*"/, "");

export const fixture = (...flags: string[]): string[] => [
  process.execPath,
  join(import.meta.dir, "servers/stdio-server.ts"),
  ...flags,
];
