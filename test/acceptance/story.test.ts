import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernStdio } from "@modelcontextprotocol/client/stdio";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as LegacyStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { installed, type Serve } from "./installed.ts";

/**
 * The whole story against the compiled executable, in order, as a person would live it: a new machine, servers from npm, a token made in a second
 * terminal, real clients of both eras, everything that may go wrong, a stop, a crash.
 */
const { executable, home, data, url, mcpctl, ok, startServe, until, states, printed, remove } = installed("story", 0);
const files = join(home, "files");

let serve: Serve;
let token = "";

/** Every process of this machine that was started for the servers of this test. */
const processes = () =>
  readdirSync("/proc").filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(data) &&
        Number(pid) !== serve.pid &&
        !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
      );
    } catch {
      return false;
    }
  });
const post = (path: string, bearer: string | undefined, body = '{"jsonrpc":"2.0","id":1,"method":"ping"}') =>
  fetch(url + path, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
  });

beforeAll(async () => {
  mkdirSync(files);
  writeFileSync(join(files, "hello.txt"), "hello from a file");
  // A hostile folder: neither its preload nor its .env may reach a compiled program that is started in it.
  writeFileSync(join(home, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
  writeFileSync(join(home, "evil.ts"), 'console.log("EVIL"); process.exit(66);\n');
  writeFileSync(join(home, ".env"), "MCPCTL_PORT=1\nMCPCTL_URL=http://127.0.0.1:1\n");
  serve = await startServe();
});
afterAll(async () => {
  serve.kill("SIGKILL");
  await serve.exited;
  remove();
});

test("the version, and help, need no server", () => {
  expect(ok(["--version"])).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(ok(["--help"])).toContain("Usage: mcpctl VERB");
  expect(ok(["create", "server", "--help"])).toContain("--package-name");
});

test("a first start makes a safe folder, an administrator, and a login for a second terminal", async () => {
  await until("it has said so", () => printed().includes("First administrator: admin@localhost, password: "));
  expect(statSync(data).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(data)) expect([name, statSync(join(data, name)).mode & 0o077]).toEqual([name, 0]);
  expect(statSync(join(home, ".mcpctl/credentials")).mode & 0o777).toBe(0o600);
  expect(ok(["whoami"])).toContain("User:admin@localhost");
});

test("a second serve on the same folder says who holds it; a port in use is told", () => {
  const second = mcpctl(["serve", "--data-dir", data, "--port", "0"]);
  expect([second.code, second.err]).toEqual([
    7,
    expect.stringContaining(`is held by the mcpctl with process id ${serve.pid}, which serves ${url}`),
  ]);
  const busy = mcpctl(["serve", "--data-dir", join(home, "other"), "--port", new URL(url).port]);
  expect([busy.code, busy.err]).toEqual([7, expect.stringContaining(`${new URL(url).host} cannot be listened on`)]);
});

test("real servers from npm, beside three that cannot run", async () => {
  const manifest = `
kind: secret
name: vault
data: {key: canary-secret-value}
---
kind: server
name: everything
packageName: "@modelcontextprotocol/server-everything@2026.8.31"
---
kind: server
name: files
packageName: "@modelcontextprotocol/server-filesystem@2026.8.31"
args: [${JSON.stringify(files)}]
env: [{name: FROM_VAULT, valueFrom: {secretRef: {name: vault, key: key}}}]
---
kind: server
name: nowhere
command: [/no/such/program]
---
kind: server
name: dies
command: [sh, -c, "echo out of luck >&2; exit 3"]
---
kind: server
name: nopackage
packageName: "@modelcontextprotocol/there-is-no-such-server"
---
kind: project
name: demo
servers: [everything, files, nowhere, dies, nopackage]
---
kind: project
name: other
`;
  expect(ok(["apply", "-f", "-"], manifest)).toContain("project/demo created");
  expect(ok(["apply", "-f", "-"], manifest).match(/unchanged/g)).toHaveLength(8);
  await until("two run and three do not", () => {
    const found = Object.fromEntries(states().map(({ name, status }) => [name, status.state]));
    return (
      found["everything"] === "RUNNING" &&
      found["files"] === "RUNNING" &&
      ["nowhere", "dies", "nopackage"].every((name) => found[name] === "ERROR")
    );
  });
  expect(ok(["get", "servers", "-o", "wide"])).toContain("2026.8.31");
  const dies = ok(["describe", "server", "dies"]);
  for (const words of ["exited with code 3", "with exit code 3", "out of luck"]) expect(dies).toContain(words);
  expect(ok(["describe", "server", "nowhere"])).toContain("/no/such/program: there is no such file");
  expect(ok(["describe", "server", "nopackage"])).toContain("does not exist, or has no such version");
  expect(ok(["logs", "dies", "--tail", "1"])).toBe("out of luck\n");
}, 120_000);

test("a token is shown once and opens its project", () => {
  token = ok(["token", "create", "story", "-p", "demo", "--quiet"]).trim();
  expect(token).toMatch(/^mcpctl_pat_[0-9A-Za-z]{49}$/);
  expect(ok(["token", "list", "-p", "demo"])).toContain(token.slice(0, 15));
  expect(ok(["get", "tokens", "-o", "yaml"])).not.toContain(token);
  const banner = ok(["token", "create", "second", "-p", "demo"]);
  expect(banner).toContain("Copy it now: it is not shown again.");
  expect(mcpctl(["token", "create", "story", "-p", "demo"]).code).toBe(7);
});

/** Both official clients have these; their types differ, their behaviour must not. */
type AnyClient = {
  listTools: () => Promise<{ tools: { name: string }[] }>;
  callTool: (call: { name: string; arguments: Record<string, unknown> }) => Promise<unknown>;
  listPrompts: () => Promise<{ prompts: { name: string }[] }>;
  listResources: () => Promise<{ resources: { uri: string }[] }>;
  readResource: (of: { uri: string }) => Promise<unknown>;
  close: () => Promise<void>;
};
const requestInit = () => ({ headers: { authorization: `Bearer ${token}` } });
const clients: [string, () => Promise<AnyClient>][] = [
  [
    "the official client v1",
    async () => {
      const client = new LegacyClient({ name: "story", version: "1" });
      await client.connect(new LegacyTransport(new URL(`${url}/mcp`), { requestInit: requestInit() }) as never);
      return client as AnyClient;
    },
  ],
  ...(["legacy", "auto", { pin: "2026-07-28" }] as const).map((mode): [string, () => Promise<AnyClient>] => [
    `the official client v2, ${JSON.stringify(mode)}`,
    async () => {
      const client = new ModernClient({ name: "story", version: "1" }, { versionNegotiation: { mode } });
      await client.connect(new ModernTransport(new URL(`${url}/projects/demo/mcp`), { requestInit: requestInit() }));
      expect(client.getProtocolEra()).toBe(mode === "legacy" ? "legacy" : "modern");
      return client as AnyClient;
    },
  ]),
];

test.each(clients)("%s lists and calls tools of both servers, reads and prompts", async (_, connect) => {
  const client = await connect();
  const names = (await client.listTools()).tools.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["everything__echo", "files__read_text_file"]));
  expect(JSON.stringify(await client.callTool({ name: "everything__echo", arguments: { message: "hi" } }))).toContain(
    "Echo: hi",
  );
  const read = await client.callTool({ name: "files__read_text_file", arguments: { path: join(files, "hello.txt") } });
  expect(JSON.stringify(read)).toContain("hello from a file");
  expect((await client.listPrompts()).prompts.some(({ name }) => name.startsWith("everything__"))).toBe(true);
  const [first] = (await client.listResources()).resources;
  expect(JSON.stringify(await client.readResource({ uri: first?.uri ?? "" }))).toContain("contents");
  expect(client.callTool({ name: "nowhere__anything", arguments: {} })).rejects.toThrow("There is no tool");
  await client.close();
});

test("test mcp judges the endpoint: pass, authentication, contract, usage", () => {
  const check = (...words: string[]) => mcpctl(["test", "mcp", `${url}/mcp`, ...words]);
  expect(check("--token", token, "--expect-tools", "everything__echo,files__read_text_file").code).toBe(0);
  expect(check("--token", token, "--tool", "everything__echo", "--args", '{"message":"hi"}').out).toContain("Echo: hi");
  expect(check("--token", `${token.slice(0, -1)}x`).code).toBe(1);
  expect(mcpctl(["test", "mcp", "http://127.0.0.1:1/mcp"]).code).toBe(1);
  expect(check("--token", token, "--expect-tools", "no__such").code).toBe(2);
  expect(check("--token", token, "--tool", "files__read_text_file", "--args", '{"path":"/etc/shadow"}').code).toBe(2);
  expect(check("--token", token, "--args", "{").code).toBe(2);
  const report = JSON.parse(check("--token", token, "-o", "json").out) as { verdict: string; tools: string[] };
  expect([report.verdict, report.tools.includes("everything__echo")]).toEqual(["pass", true]);
});

test("no token 401, another project 403, revoked 401 at the very next request", async () => {
  const bare = await post("/mcp", undefined);
  expect([bare.status, bare.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
  expect(`${bare.headers.get("www-authenticate")}${await bare.text()}`).not.toMatch(/resource_metadata|oauth/i);
  expect(bare.headers.get("www-authenticate")).not.toMatch(/bearer/i);
  expect((await post("/projects/other/mcp", token)).status).toBe(403);
  expect((await post("/mcp", token)).status).toBe(200);
  const brief = ok(["token", "create", "brief", "-p", "demo", "-q"]).trim();
  expect((await post("/mcp", brief)).status).toBe(200);
  ok(["token", "revoke", "brief", "-p", "demo"]);
  expect((await post("/mcp", brief)).status).toBe(401);
});

test("what is misspelt is told with the nearest word, the right code, and changes nothing", () => {
  const rows: [string[], number, string][] = [
    [["gte", "servers"], 2, 'there is no verb "gte". Did you mean "get"?'],
    [["get", "sevrers"], 2, 'Did you mean "servers"?'],
    [["get", "servers", "--outptu", "json"], 2, 'there is no flag --outptu. Did you mean "--output"?'],
    [["get", "servers", "nope"], 6, 'there is no server "nope"'],
    [["delete", "server", "files", "--yes"], 7, 'server "files" is in use by project demo'],
    [["apply", "-f", "/nowhere.yaml"], 2, "/nowhere.yaml does not exist"],
    [["token", "create", "x"], 2, "an mcptoken is of one project: which?"],
    [["whoami", "--token", "mcpctl_ses_x"], 4, "The token is malformed"],
    [["get", "servers", "--url", "http://127.0.0.1:1"], 8, "does not answer"],
    [["serve", "--port", "99999"], 2, "the port is a number"],
    [["serve", "--data-dir", "/proc/no"], 8, "cannot be used"],
  ];
  for (const [words, code, message] of rows) {
    const answer = mcpctl(words);
    expect([words.join(" "), answer.code, answer.err]).toEqual([
      words.join(" "),
      code,
      expect.stringContaining(message),
    ]);
    expect(answer.err).not.toMatch(/\n\s+at /);
  }
  const broken = mcpctl(
    ["apply", "--atomic", "-f", "-"],
    "kind: project\nname: fine\n---\nkind: server\nname: x\ncomand: [secret-word]\n",
  );
  expect([broken.code, broken.err]).toEqual([
    2,
    expect.stringContaining('standard input, document 2: this server "x" is not valid'),
  ]);
  expect(broken.err).toContain('/comand: there is no such field; did you mean "command"?');
  expect(broken.err).not.toContain("secret-word");
  expect(mcpctl(["get", "project", "fine"]).code).toBe(6);
  expect(mcpctl(["apply", "-f", "-"], "a: [\n").err).toContain("standard input, document 1: this is not valid YAML");
});

test("nothing that was secret is on disk or was printed", () => {
  const names = readdirSync(data).filter((name) => statSync(join(data, name)).isFile() && name !== "master.key");
  const bytes = names.map((name) => readFileSync(join(data, name)).toString("latin1")).join("");
  expect(names).toContain("mcpctl.db");
  for (const secret of ["canary-secret-value", token])
    expect([secret.slice(0, 11), (bytes + printed()).includes(secret)]).toEqual([secret.slice(0, 11), false]);
});

test("an orderly stop ends every server and exits with 0; the data is there at the next start", async () => {
  expect(processes().length).toBeGreaterThan(1);
  serve.kill("SIGTERM");
  expect(await serve.exited).toBe(0);
  await until("no server is left", () => processes().length === 0, 5_000);
  serve = await startServe();
  expect(printed()).not.toContain("First administrator");
  expect(
    (await post("/mcp", token, '{"jsonrpc":"2.0","id":1,"method":"tools/list"}').then((r) => r.text())).includes(
      "everything__echo",
    ),
  ).toBe(true);
  await until("they run again", () => states().filter(({ status }) => status.state === "RUNNING").length === 2);
});

test("a crash leaves no server of ours, and loses nothing; clients behind the stdio bridge notice nothing", async () => {
  expect(processes().length).toBeGreaterThan(1);
  const bridge = {
    command: executable,
    args: ["mcp", "-p", "demo"],
    env: { HOME: home, MCPCTL_URL: url, MCPCTL_TOKEN: token },
    stderr: "ignore" as const,
  };
  const legacy = new LegacyClient({ name: "legacy", version: "1" });
  const modern = new ModernClient(
    { name: "modern", version: "1" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  await Promise.all([legacy.connect(new LegacyStdio(bridge)), modern.connect(new ModernStdio(bridge))]);
  const echo = (client: { callTool: (call: typeof hello) => Promise<unknown> }) => client.callTool(hello);
  const hello = { name: "everything__echo", arguments: { message: "hello" } };
  for (const client of [legacy, modern]) expect(JSON.stringify(await echo(client))).toContain("hello");
  serve.kill("SIGKILL");
  await serve.exited;
  await until("no server is left", () => processes().length === 0, 5_000);
  serve = await startServe();
  await until("they run again", () => states().filter(({ status }) => status.state === "RUNNING").length === 2);
  expect((await post("/mcp", token)).status).toBe(200);
  for (const client of [legacy, modern]) {
    expect(JSON.stringify(await echo(client))).toContain("hello");
    await client.close();
  }
});

test("a second SIGTERM is fast, however stubborn a server is", async () => {
  ok(["create", "server", "stubborn", "--", "sh", "-c", "trap '' TERM; while :; do sleep 1; done"]);
  await until("it was started", () => ok(["get", "instances"]).includes("stubborn"));
  const start = performance.now();
  serve.kill("SIGTERM");
  await Bun.sleep(300);
  serve.kill("SIGTERM");
  expect(await serve.exited).toBe(0);
  expect(performance.now() - start).toBeLessThan(2_000);
});

test("a wrong master key, and a database from a newer version, refuse to start and change nothing", async () => {
  const key = join(data, "master.key");
  const right = readFileSync(key);
  writeFileSync(key, `${"0".repeat(64)}\n`);
  const wrong = mcpctl(["serve", "--data-dir", data, "--port", "0"]);
  expect([wrong.code, wrong.err]).toEqual([
    8,
    expect.stringContaining("is not the one this database was written with"),
  ]);
  writeFileSync(key, right);
  chmodSync(key, 0o600);
  serve = await startServe();
  expect((await post("/mcp", token)).status).toBe(200);
});
