import { afterAll, beforeEach, expect, test } from "bun:test";
import { run } from "../../src/cli/run.ts";
import { startOddServer } from "../client/odd-server.ts";
import { envWith } from "../env.ts";

const escapes = "\u001b]0;owned\u0007\u001b[2J";
const server = startOddServer({ callResult: { content: [{ type: "text", text: `${escapes}first\nsecond` }] } });
afterAll(() => server.stop());
beforeEach(() => {
  server.seen.length = 0;
});

async function cli(words: readonly string[], more: { terminal?: boolean; variables?: Record<string, string> } = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const env = envWith({
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    isTerminal: more.terminal ?? false,
    variables: more.variables ?? {},
  });
  const code = await run(["test", "mcp", ...words], env);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** Whom requests were from, besides the two that try nobody and a stranger. */
const authorizations = () => {
  const all = [...new Set(server.seen.map(({ headers }) => headers.get("authorization")))];
  return all.length === 1 ? all : all.filter((one) => one !== null && !one.includes("mcpctl-test-not-a-token"));
};

test("a table: a line for each step, then the verdict; what the server says cannot move the cursor", async () => {
  const { code, out } = await cli([server.url, "--tool", "echo", "--args", "{}", "--expect-tools", "echo, slow"]);
  expect(code).toBe(0);
  const lines = out.split("\n");
  const steps = lines.filter((line) => line.startsWith("✓"));
  expect(steps.map((line) => line.split(/\s{2,}/)[0])).toEqual([
    "✓ reach",
    "✓ connect",
    "✓ eras",
    "✓ tools/list",
    "✓ schemas",
    "✓ expected tools",
    "✓ tools/call echo",
  ]);
  expect(lines.at(-1)).toBe(`${server.url}: pass`);
  expect(steps.at(-1)).toEndWith("first second");
  expect(out).not.toContain("\u001b");
});

test("a failure is a cross, without colour in a pipe or where NO_COLOR is set", async () => {
  const words = [server.url, "--expect-tools", "nowhere"];
  const piped = await cli(words);
  expect(piped.code).toBe(2);
  expect(piped.out).toContain("✗ expected tools");
  expect(piped.out).toContain("contract failure");
  expect((await cli(words, { terminal: true, variables: { NO_COLOR: "1" } })).out).not.toContain("\u001b");
  expect((await cli([...words, "--quiet"])).out).toBe("contract failure");
});

test("JSON holds all of it and nothing else is printed", async () => {
  const { code, out, err } = await cli([server.url, "--token", "sesame-token", "--protocol", "legacy", "-o", "json"]);
  expect([code, err]).toEqual([0, ""]);
  expect(JSON.parse(out)).toMatchObject({
    url: server.url,
    verdict: "pass",
    exitCode: 0,
    protocolVersion: "2025-11-25",
    era: "legacy",
    serverInfo: { name: "odd", version: "1.0.0" },
    tools: ["echo", "fail", "slow", "big", "env", "odd.name/x"],
    transport: "streamable-http",
    eras: { legacy: "2025-11-25" },
  });
  expect(JSON.parse(out).steps).toContainEqual({
    name: "reach",
    ok: true,
    ms: expect.any(Number),
    detail: expect.any(String),
  });
  expect(out).not.toContain("sesame");
});

test("servers that a gateway misses are warned of, and all else is as it was", async () => {
  const missing = [
    { server: "dead", reason: `server "dead": its program was not found${escapes}` },
    { server: "shy", reason: "knows sesame-token" },
    { server: 7, reason: "no server" },
    "nothing",
  ];
  for (const era of ["legacy", "modern"] as const) {
    const gateway = startOddServer({ era, pageSize: 2, listMeta: { "mcpctl/missing": missing } });
    try {
      const table = await cli([gateway.url, "--token", "sesame-token"]);
      expect([table.code, table.out.endsWith(": pass")]).toEqual([0, true]);
      const [first, second, ...others] = table.err.split("\n");
      expect(first).toStartWith('warning: missing: server "dead": its program was not found');
      expect(second).toStartWith('warning: missing: server "shy": knows ');
      expect(others).toEqual([]);
      expect([table.err.includes("\u001b"), table.err.includes("sesame")]).toEqual([false, false]);
      const json = await cli([gateway.url, "--token", "sesame-token", "-o", "json"]);
      expect([json.code, json.err]).toEqual([0, ""]);
      expect(JSON.parse(json.out).missing.map((one: { server: string }) => one.server)).toEqual(["dead", "shy"]);
      expect(json.out).not.toContain("sesame");
      expect((await cli([gateway.url, "--quiet"])).err).toBe("");
    } finally {
      await gateway.stop();
    }
  }
  const odd = startOddServer({ listMeta: { "mcpctl/missing": { server: "x" } } });
  expect(await cli([odd.url])).toMatchObject({ code: 0, err: "" });
  await odd.stop();
  expect(JSON.parse((await cli([server.url, "-o", "json"])).out).missing).toBeUndefined();
});

test("whom we say we are: flag over variable, an Authorization header over the variable, empty is nobody", async () => {
  const variables = { MCPCTL_TOKEN: "from-variable" };
  await cli([server.url], { variables });
  expect(authorizations()).toEqual(["Bearer from-variable"]);
  server.seen.length = 0;
  await cli([server.url, "--token", "from-flag"], { variables });
  expect(authorizations()).toEqual(["Bearer from-flag"]);
  server.seen.length = 0;
  await cli([server.url, "--header", "Authorization: Basic abc", "--header", "x-more: 1"], { variables });
  expect(authorizations()).toEqual(["Basic abc"]);
  expect(server.seen.every(({ headers }) => headers.get("x-more") === "1")).toBe(true);
  server.seen.length = 0;
  await cli([server.url], { variables: { MCPCTL_TOKEN: "" } });
  expect(authorizations()).toEqual([null]);
});

test.each([
  ["no URL", [], /a word is missing/],
  ["a URL that is none", ["localhost:3200"], /URL/],
  ["another scheme", ["file:///etc/passwd"], /http or https/],
  ["--args that is not JSON", ["URL", "--tool", "echo", "--args", "{sesame"], /--args is not a JSON object/],
  ["--args that is a list", ["URL", "--tool", "echo", "--args", "[1]"], /--args is not a JSON object/],
  ["--args without --tool", ["URL", "--args", "{}"], /goes with --tool/],
  ["a timeout of nothing", ["URL", "--timeout", "0"], /--timeout/],
  ["an unknown protocol", ["URL", "--protocol", "sesame"], /auto, legacy, modern/],
  ["an unknown format", ["URL", "-o", "yaml"], /-o takes/],
  ["an unknown flag", ["URL", "--expekt-tools", "a"], /--expect-tools/],
  ["a header without a value", ["URL", "--header", "sesame"], /NAME:VALUE/],
  ["a header that breaks the line", ["URL", "--header", "x: a\r\nsesame: b"], /NAME:VALUE/],
  ["an empty token", ["URL", "--token", ""], /--token is empty/],
  ["a token that breaks the line", ["URL", "--token", "sesame\n1"], /no header may hold/],
  ["two credentials", ["URL", "--token", "sesame", "--header", "Authorization: b"], /exclude each other/],
])("%s is a usage error, before anything is sent", async (_what, words, message) => {
  const { code, out, err } = await cli(words.map((word) => (word === "URL" ? server.url : word)));
  expect([code, out]).toEqual([2, ""]);
  expect(err).toMatch(message);
  expect(err).toMatch(/hint: mcpctl |-o takes/);
  expect(err).not.toContain("sesame");
  expect(server.seen).toEqual([]);
});
