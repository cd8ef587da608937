import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientWords } from "../../src/cli/verbs/clients.ts";
import { clientRows } from "../../src/client/clients/index.ts";
import { fixture, type World, world } from "../world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/servers", { name: "local", command: fixture() });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["local"] });
  await w.must("POST", "/api/v1/projects", { name: "other", servers: ["local"] });
  await w.until("it runs", w.isRunning("local"));
});
afterAll(() => w.close());

const cli = (...words: string[]) => w.cli(["config", ...words]);
const file = (path: string) => join(w.home, path);
const read = (path: string) => readFileSync(file(path), "utf8");
const tokens = async (): Promise<{ name: string; state: string }[]> => (await w.must("GET", "/api/v1/mcptokens")).items;
const inFile = (path: string) => /mcpctl_pat_\w+/.exec(read(path))?.[0] ?? "";

test("alone it lists every client; what is not one is told with the nearest", async () => {
  const { code, out } = await cli();
  expect(code).toBe(0);
  expect(out.split("\n").map((line) => line.split(" ")[0])).toEqual(["CLIENT", ...clientRows.map(({ id }) => id)]);
  expect(clientWords).toEqual(clientRows.map(({ id }) => id));
  expect((await cli("list", "-o", "name")).out.split("\n")).toEqual(clientRows.map(({ id }) => id));
  expect(JSON.parse((await cli("-o", "json")).out)[0]).toMatchObject({
    client: "claude-code",
    here: false,
    projects: [],
    file: file(".claude.json"),
  });
  expect(await cli("cursr", "-p", "demo")).toMatchObject({
    code: 2,
    err: expect.stringContaining('Did you mean "cursor"?'),
  });
  expect((await cli("view")).code).toBe(0);
});

test("what is printed is what belongs into the client, alone", async () => {
  for (const { id, file: set } of clientRows) {
    const { code, out, err } = await cli(id, "-p", "demo", "--token", "mcpctl_pat_given");
    expect([id, code]).toEqual([id, 0]);
    expect(out).toContain("mcpctl_pat_given");
    expect(err).toStartWith("# ");
    if (set?.format === "json") JSON.parse(out);
    expect((await cli(id, "-p", "demo", "--quiet")).err).toBe("");
  }
  expect((await cli("claude", "-p", "demo")).out).toContain(`Bearer \${MCPCTL_TOKEN}`);
  expect((await cli("vllm", "-p", "demo")).out).toContain(
    '"t:$MCPCTL_TOKEN@127.0.0.1:3200/projects/demo/vllm/container"',
  );
  const there = await cli("open-webui", "-p", "demo", "--endpoint", "http://host.docker.internal:3200/", "-o", "json");
  expect(JSON.parse(there.out)).toMatchObject({
    url: "http://host.docker.internal:3200/projects/demo/mcp",
    notes: [expect.stringContaining("first start"), expect.anything()],
  });
  const bridge = JSON.parse((await cli("cursor", "-p", "demo", "--bridge", "--name", "b")).out).mcpServers.b;
  expect(bridge.args.slice(-3)).toEqual(["mcp", "-p", "demo"]);
  expect(bridge.env).toEqual({ MCPCTL_URL: "http://127.0.0.1:3200" });
});

test("written with a token of its own, checked, written again, taken back", async () => {
  mkdirSync(file(".lmstudio"));
  writeFileSync(file(".lmstudio/mcp.json"), '{ // mine\n  "mcpServers": {}\n}\n', { mode: 0o644 });
  const written = await cli("lm-studio", "-p", "demo", "--mint", "--ttl", "1d", "--write");
  expect([written.code, written.out]).toEqual([
    0,
    expect.stringContaining("\n+   headers.Authorization  Bearer •••\n"),
  ]);
  expect(written.err).toContain("chmod 600");
  const first = inFile(".lmstudio/mcp.json");
  expect(written.out + written.err).not.toContain(first.slice(16));
  expect(read(".lmstudio/mcp.json")).toContain("// mine");
  expect(await tokens()).toMatchObject([{ name: expect.stringMatching(/^lm-studio-/), state: "active" }]);

  const checked = await cli("lm-studio", "--check");
  expect(checked.code).toBe(0);
  expect(checked.out.split("\n").map((line) => line.split(/\s{2,}/)[0])).toEqual([
    "✓ token",
    "✓ initialize",
    "✓ GET",
    "✓ tools/list",
    "✓ names",
    "",
    "LM Studio: it will work",
  ]);
  expect(JSON.parse((await cli("lm-studio", "--check", "-o", "json")).out)).toMatchObject({
    from: file(".lmstudio/mcp.json"),
    exitCode: 0,
  });

  // A second time: the token that was minted for it gives way to a new one.
  expect((await cli("lm-studio", "-p", "demo", "--mint", "--write", "-q")).out).toBe(file(".lmstudio/mcp.json"));
  expect(inFile(".lmstudio/mcp.json")).not.toBe(first);
  expect((await tokens()).map(({ state }) => state).sort()).toEqual(["active", "revoked"]);
  expect((await cli("list", "-o", "json")).out).toContain('"demo"');

  const undone = await cli("lm-studio", "--undo", "--revoke");
  expect(undone.out).toMatch(/the file is as it was before\nToken "lm-studio-\S+" revoked$/);
  expect(read(".lmstudio/mcp.json")).toBe('{ // mine\n  "mcpServers": {}\n}\n');
  expect((await tokens()).map(({ state }) => state)).toEqual(["revoked", "revoked"]);
  expect(await cli("lm-studio", "--undo")).toMatchObject({
    code: 0,
    out: expect.stringContaining("nothing was changed"),
  });
  expect(readdirSync(file(".mcpctl/backups"))).toEqual([]);
});

test("two set-ups: which is undone is asked; a token is revoked by who says so", async () => {
  await cli("cursor", "-p", "demo", "--mint", "--write");
  await cli("cursor", "-p", "other", "--mint", "--write");
  expect(await cli("cursor", "--undo")).toMatchObject({ code: 2, err: expect.stringContaining("which is meant?") });
  const kept = await w.cli(["config", "cursor", "--undo", "-p", "demo"], { answers: ["n"] });
  expect(kept.out).toContain("taken out");
  expect(kept.out).toContain("accepted still: mcpctl token revoke");
  const ended = await w.cli(["config", "cursor", "--undo"], { answers: ["y"] });
  expect(ended.out).toContain("revoked");
  expect((await tokens()).filter(({ name, state }) => name.startsWith("cursor-") && state === "active")).toHaveLength(
    1,
  );
});

test("--check shows the login of this terminal to no address that a file names", async () => {
  writeFileSync(file("odd.json"), '{"mcpServers":{"odd":{"url":"http://127.0.0.1:3999/mcp"}}}');
  const flags = ["--name", "odd", "--bridge", "--file", file("odd.json")];
  expect(await cli("cursor", "-p", "demo", ...flags, "--check")).toMatchObject({
    code: 1,
    out: expect.stringContaining("is for http://127.0.0.1:3200, and not for http://127.0.0.1:3999"),
  });
  writeFileSync(file("odd.json"), '{"mcpServers":{"odd":{"url":"file:///etc/passwd"}}}');
  expect(await cli("cursor", "-p", "demo", ...flags, "--check")).toMatchObject({
    code: 2,
    err: expect.stringContaining("is none of http or https"),
  });
});

test("a token of one instance is not called revoked because another does not know it", async () => {
  await cli("jan", "-p", "demo", "--mint", "--write");
  const undone = await w.cli(["config", "jan", "--undo", "--revoke", "--url", "http://127.0.0.1:3999"]);
  expect([undone.code, undone.out]).toEqual([
    0,
    expect.stringMatching(/accepted still: mcpctl token revoke \S+ --url http:\/\/127\.0\.0\.1:3200$/),
  ]);
});

test("--check says whose token is missing or wrong, and where it has it from", async () => {
  expect(await cli("cursor", "-p", "demo", "--check")).toMatchObject({
    code: 1,
    out: expect.stringContaining("it fails at token"),
  });
  const wrong = await w.cli(["config", "cursor", "-p", "demo", "--check"], {
    variables: { MCPCTL_TOKEN: "mcpctl_pat_wrong" },
  });
  expect([wrong.code, wrong.out]).toEqual([1, expect.stringContaining("✗ initialize")]);
  // The bridge has the login of who starts it.
  expect((await cli("claude-desktop", "-p", "demo", "--check")).code).toBe(0);
  // By the name that a container has for this machine, which mcpctl must know.
  const inside = await cli(
    "n8n",
    "-p",
    "demo",
    "--token",
    "x",
    "--endpoint",
    "http://host.docker.internal:3200",
    "--check",
  );
  expect([inside.code, inside.out]).toEqual([
    1,
    expect.stringContaining("403 (this Host is not one that mcpctl answers to)"),
  ]);
  const { demo } = await w.tokensFor({ demo: "demo" });
  const given = (...words: string[]) => cli(...words, "-p", "demo", "--token", demo, "--check", "-q");
  for (const { id } of clientRows)
    expect([id, (await given(id)).out]).toEqual([id, id === "llama-cpp" ? "OPTIONS" : "ok"]);
});

test("a token whose file could not be written ends; what can be refused is refused before one is minted", async () => {
  const before = (await tokens()).length;
  mkdirSync(file(".gemini"));
  writeFileSync(file(".gemini/settings.json"), "{ broken");
  expect(await cli("gemini", "-p", "demo", "--mint", "--write")).toMatchObject({
    code: 2,
    err: expect.stringContaining("line 1, column 3"),
  });
  expect(await tokens()).toHaveLength(before);
  if (process.getuid?.() === 0) return;
  chmodSync(file(".gemini"), 0o500);
});

test.each([
  ["no project", ["cursor"], /for which project/],
  ["two deeds", ["cursor", "-p", "demo", "--write", "--undo"], /not both/],
  ["two tokens", ["cursor", "-p", "demo", "--mint", "--token", "x"], /exclude each other/],
  ["a token that no header holds", ["cursor", "-p", "demo", "--token", "a b\nc"], /no header may hold/],
  ["no file to write", ["curl", "-p", "demo", "--write"], /has no file/],
  ["no token to write", ["cline", "-p", "demo", "--write"], /takes the token itself/],
  ["a bridge for what starts nothing", ["curl", "-p", "demo", "--bridge"], /starts no program/],
  ["an endpoint that is none", ["cursor", "-p", "demo", "--endpoint", "nas:3200"], /--endpoint takes a URL/],
  [
    "an endpoint with a secret",
    ["cursor", "-p", "demo", "--endpoint", "http://u:sesame@nas"],
    /--endpoint takes a URL/,
  ],
  ["a name that is none", ["cursor", "-p", "demo", "--name", "a.b"], /--name takes letters/],
  ["a scope that is none", ["cursor", "-p", "demo", "--scope", "all"], /--scope takes user or project/],
  ["a scope it has not", ["codex", "-p", "demo", "--scope", "project"], /no file of a project/],
])("%s is an error, and nothing is written", async (_what, words, message) => {
  const { code, out, err } = await cli(...words);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toMatch(message);
  expect(err).not.toContain("sesame");
});
