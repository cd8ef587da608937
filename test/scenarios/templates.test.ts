import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fixture, type World, world } from "../world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

const template = (name: string) => w.api("GET", `/api/v1/templates/${name}`);
const key = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";

test("one of mcpctl's is overlaid by one that is applied, and is back when that one goes", async () => {
  expect((await template("github")).json).toMatchObject({ source: "built-in", packageName: expect.any(String) });
  const refused = await w.cli(["delete", "template", "github", "--yes"]);
  expect([refused.code, refused.err]).toEqual([7, expect.stringContaining('template "github" is of mcpctl itself')]);
  const taken = await w.cli(["create", "template", "github", "--image", "ours"]);
  expect([taken.code, (await template("github")).json.source]).toEqual([7, "built-in"]);
  await w.must("POST", "/api/v1/apply", { documents: [{ kind: "template", name: "github", image: "ours" }] });
  expect((await template("github")).json).toMatchObject({ source: "overlay", image: "ours" });
  expect(
    (await w.must("GET", "/api/v1/templates")).items.filter(({ name }: { name: string }) => name === "github"),
  ).toHaveLength(1);
  expect((await w.cli(["delete", "template", "github", "--yes"])).out).toContain("restored to its default");
  expect((await template("github")).json.source).toBe("built-in");
});

test("a server is made of one by flags and a secret; what is missing is named, and nothing is made", async () => {
  const incomplete = await w.cli(["create", "server", "gh", "--from-template", "github"]);
  expect([incomplete.code, incomplete.err]).toEqual([2, expect.stringContaining("GITHUB_PERSONAL_ACCESS_TOKEN")]);
  expect((await w.api("GET", "/api/v1/servers/gh")).status).toBe(404);
  await w.must("POST", "/api/v1/secrets", { name: "gh", data: { GITHUB_PERSONAL_ACCESS_TOKEN: key } });
  const made = await w.cli([
    "create",
    "server",
    "gh",
    "--from-template",
    "github",
    "--env-from-secret",
    "gh",
    "--replicas",
    "0",
  ]);
  expect([made.code, made.err]).toEqual([0, ""]);
  expect(made.out).toBe(
    "server/gh created\n  from template github: npm @modelcontextprotocol/server-github@2025.4.8\n  GITHUB_PERSONAL_ACCESS_TOKEN from secret gh",
  );
  expect((await w.api("GET", "/api/v1/servers/gh")).json).toMatchObject({
    packageName: "@modelcontextprotocol/server-github@2025.4.8",
    replicas: 0,
    env: [{ name: "GITHUB_PERSONAL_ACCESS_TOKEN", valueFrom: { secretRef: { name: "gh" } } }],
  });
  for (const [words, say] of [
    [["--arg", "folder=/x"], "give --from-template too"],
    [["--from-template", "nope"], 'no template "nope"'],
    [["--from-template", "filesystem", "--arg", "folder"], "--arg takes NAME=VALUE"],
    [["--from-template", "filesystem", "--arg", "foldr=/x"], "it has folder"],
  ] as const) {
    const { code, err } = await w.cli(["create", "server", "x", ...words]);
    expect([words, code === 0, err.includes(say)]).toEqual([words, false, true]);
  }
});

test("a template gives nobody a right: whoever may not run code makes no server of one", async () => {
  const token = await w.userWith("maker", [
    { role: "view", resource: "templates" },
    { role: "edit", resource: "servers" },
  ]);
  const { code, err } = await w.cli(["create", "server", "m", "--from-template", "memory", "--token", token]);
  expect([code, err]).toEqual([5, expect.stringContaining("servers-execute")]);
  const blind = await w.userWith("blind", [
    { role: "edit", resource: "servers" },
    { role: "run", action: "servers-execute" },
  ]);
  expect((await w.cli(["create", "server", "m", "--from-template", "memory", "--token", blind])).code).toBe(5);
});

test("describe tells the commands, and they work as they stand", async () => {
  const { out } = await w.cli(["describe", "template", "brave-search"]);
  const commands = out
    .split("\n")
    .flatMap((line) => (line.startsWith("  mcpctl ") ? [line.trim().split(" ").slice(1)] : []));
  expect(commands).toHaveLength(2);
  const [secret = [], server = []] = commands.map((words) => words.map((word) => word.replace("…", "x")));
  expect((await w.cli(secret)).code).toBe(0);
  // Not started: it would be fetched.
  expect((await w.cli([...server, "--replicas", "0"])).code).toBe(0);
});

test("search and get read a registry's file; what they print of it can be applied", async () => {
  const file = join(w.home, "registry.json");
  const evil = {
    name: "com.evil/x",
    description: "\u001b[2J gone",
    remotes: [{ type: "sse", url: "https://x.example.com/sse" }],
  };
  writeFileSync(file, JSON.stringify({ servers: [{ server: evil }, { name: "bad", packages: [] }] }));
  const found = await w.cli(["search", "evil", "--source", file]);
  expect([found.code, found.out]).toEqual([0, expect.stringContaining("url https://x.example.com/sse")]);
  expect(found.out).not.toContain("\u001b");
  expect(found.err).toBe("left out: bad: its name is not of the form NAMESPACE/NAME");
  const printed = await w.cli(["get", "templates", "com-evil-x", "--source", file, "-o", "yaml"]);
  expect((await w.cli(["apply", "-f", "-"], { stdin: printed.out })).out).toContain("template/com-evil-x created");
  expect((await w.cli(["search", "evil"])).out).toContain("com-evil-x");
  expect((await w.cli(["get", "servers", "--source", file])).code).toBe(2);
  expect((await w.cli(["get", "templates", "nope", "--source", file])).code).toBe(6);
});

test("what is in the executable is found, and drafted from, without a login", async () => {
  const found = await w.cli(["search", "playwright", "--token", "none"]);
  expect([found.code, found.err]).toEqual([0, expect.stringContaining("Of mcpctl itself only")]);
  expect(found.out).toContain("npm @playwright/mcp@");
  const words = [
    "create",
    "server",
    "b",
    "--from-template",
    "brave-search",
    "--env-from-secret",
    "s",
    "--token",
    "none",
  ];
  expect((await w.cli([...words, "--dry-run=client", "-o", "yaml"])).out).toContain("key: BRAVE_API_KEY");
  expect((await w.cli(words)).code).toBe(4);
});

test("what a client has configured is imported whole, and its tools answer through the gateway", async () => {
  const folder = join(w.home, ".config", "Claude");
  mkdirSync(folder, { recursive: true });
  const [command, ...args] = fixture();
  writeFileSync(
    join(folder, "claude_desktop_config.json"),
    JSON.stringify({
      mcpServers: {
        Local: { command, args, env: { API_TOKEN: key } },
        ours: { command: "mcpctl", args: ["mcp", "-p", "demo"] },
      },
    }),
  );
  const variables = { HOME: w.home };
  const dry = await w.cli(["import", "claude-desktop", "--dry-run"], { variables });
  expect([dry.code, dry.out]).toEqual([0, expect.stringContaining("left out: ours: it is mcpctl itself")]);
  const yaml = await w.cli(["import", "claude-desktop", "--dry-run", "-o", "yaml"], { variables });
  expect(yaml.out).toContain('API_TOKEN: "<value of API_TOKEN>"');
  expect(dry.out + dry.err + yaml.out + yaml.err).not.toContain(key);
  expect((await w.api("GET", "/api/v1/servers/local")).status).toBe(404);

  const no = await w.cli(["import", "claude-desktop"], { variables, answers: ["n"] });
  expect([no.code, no.err.endsWith("Nothing was changed.")]).toEqual([0, true]);
  expect((await w.api("GET", "/api/v1/projects/claude-desktop")).status).toBe(404);

  const made = await w.cli(["import", "claude-desktop"], { variables, answers: ["y"] });
  expect([made.code, made.out]).toEqual([
    0,
    "secret/local created\nserver/local created\nproject/claude-desktop created",
  ]);
  expect(made.err).not.toContain(key);
  await w.until("it runs", w.isRunning("local"));
  const { t } = await w.tokensFor({ t: "claude-desktop" });
  const answer = await w.rpc(t, "tools/call", { name: "local__echo", arguments: { text: "imported" } });
  expect(answer.text).toContain("imported");

  const again = await w.cli(["import", "claude-desktop"], { variables });
  expect([again.code, again.out]).toEqual([0, "project/claude-desktop unchanged"]);
});

test("names that are taken are refused before anything is made, unless it is forced or given others", async () => {
  const file = join(w.home, "mcp.json");
  writeFileSync(
    file,
    JSON.stringify({
      mcpServers: { gh: { command: "other", env: { K: key } }, fresh: { url: "https://x.example.com/mcp" } },
    }),
  );
  const odd = join(w.home, "odd.json");
  writeFileSync(odd, JSON.stringify({ mcpServers: { odd: { command: "node", env: { NODE_OPTIONS: "--import=x" } } } }));
  expect((await w.cli(["import", odd, "--dry-run"])).out).toContain("command node NODE_OPTIONS=--import=x");
  const refused = await w.cli(["import", file, "--yes"]);
  expect([refused.code, refused.err]).toEqual([7, expect.stringContaining("server/gh, secret/gh")]);
  expect((await w.api("GET", "/api/v1/servers/fresh")).status).toBe(404);
  expect((await w.api("GET", "/api/v1/secrets/gh")).json.keys).toEqual(["GITHUB_PERSONAL_ACCESS_TOKEN"]);
  expect((await w.cli(["import", file, "--yes", "--only", "fresh", "-p", "claude-desktop"])).code).toBe(0);
  expect((await w.api("GET", "/api/v1/projects/claude-desktop")).json.servers).toEqual(["local", "fresh"]);
  const other = await w.cli(["import", file, "--prefix", "new-", "--write-to", join(w.home, "out.yaml")]);
  expect(other.code).toBe(0);
  expect(statSync(join(w.home, "out.yaml")).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(w.home, "out.yaml"), "utf8")).toContain(key);
});

test("values that are not in the file are asked for, read from variables, or named", async () => {
  const file = join(w.home, "vscode.json");
  const reference = "$" + "{input:the-key}";
  writeFileSync(
    file,
    JSON.stringify({
      inputs: [{ type: "promptString", id: "the-key", password: true }],
      servers: { asks: { command: "nothing", env: { SETTING: reference } } },
    }),
  );
  const missing = await w.cli(["import", file, "--yes"]);
  expect([missing.code, missing.err]).toEqual([2, expect.stringContaining("the-key, for asks")]);
  expect((await w.cli(["import", file, "--dry-run"])).err).toContain("still to be given: the-key, for asks");
  expect((await w.cli(["import", file, "--from-env", "--yes"], { variables: { "the-key": "v" } })).code).toBe(0);
  expect((await w.api("GET", "/api/v1/servers/asks")).text).not.toContain('"v"');
  const asked = await w.cli(["import", file, "--prefix", "b-"], { answers: ["hunter2", "y"] });
  expect([asked.code, asked.out.includes("secret/b-asks created")]).toEqual([0, true]);
  expect((await w.api("GET", "/api/v1/servers/b-asks")).text + asked.out + asked.err).not.toContain("hunter2");
});

test("what is no file, no client and no servers is told so", async () => {
  const empty = join(w.home, "empty.json");
  writeFileSync(empty, "{}");
  for (const [word, say] of [
    ["cursr", 'Did you mean "cursor"?'],
    ["./nowhere.json", "nowhere.json does not exist"],
    [empty, "names no servers in a form that mcpctl knows"],
    ["cline", "Cline has no file here"],
  ] as const) {
    const { code, err } = await w.cli(["import", word], { variables: { HOME: w.home } });
    expect([word, code, err.includes(say)]).toEqual([word, 2, true]);
  }
});
