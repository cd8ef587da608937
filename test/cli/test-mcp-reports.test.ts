import { afterAll, expect, test } from "bun:test";
import { junit } from "../../src/cli/reports/junit.ts";
import { sarif } from "../../src/cli/reports/sarif.ts";
import { run } from "../../src/cli/run.ts";
import type { Report } from "../../src/client/validator/report.ts";
import { rightToken, startWrongServer } from "../client/wrong-servers/server.ts";
import { fixture } from "../world.ts";

const server = startWrongServer(["MCP-SEC-018", "MCP-SEC-026"]);
afterAll(() => server.stop());

type Input = { answers?: string[]; files?: Record<string, string>; columns?: number };

async function cli(words: readonly string[], { answers, files = {}, columns }: Input = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const left = [...(answers ?? [])];
  const code = await run(words, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    isTerminal: columns !== undefined,
    screen: columns === undefined ? undefined : { columns, rows: 24 },
    isInteractive: answers !== undefined,
    variables: { ...process.env, NO_COLOR: "1", MCPCTL_TOKEN: undefined },
    now: () => performance.now(),
    home: "/nonexistent",
    readFile: async (path) => files[path] ?? Promise.reject(new Error("no such file")),
    readInput: async () => "",
    input: async function* () {},
    say: async () => {},
    ask: async (question) => {
      err.push(question);
      return left.shift() ?? "";
    },
    edit: async () => 0,
    fetch: async () => new Response(null, { status: 500 }),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

const security = ["test", "mcp", server.url, "--token", rightToken, "--suite", "security"];

/** Every character of it may stand in XML 1.0, every tag is closed, every ampersand begins an entity. */
function xmlFaults(text: string): string[] {
  const faults: string[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text) || !text.isWellFormed())
    faults.push("character");
  if (/&(?!(amp|lt|gt|quot|apos);)/.test(text)) faults.push("entity");
  const open: string[] = [];
  for (const [tag, close, name = ""] of text.matchAll(/<(\/?)([a-z-]+)(?: [a-z]+="[^"<]*")*\/?>/g)) {
    if (close === "/") faults.push(...(open.pop() === name ? [] : [`</${name}>`]));
    else if (!tag.endsWith("/>")) open.push(name);
  }
  const rest = text.replace(/<\?xml [^>]*>/, "").replace(/<\/?[a-z-]+(?: [a-z]+="[^"<]*")*\/?>/g, "");
  return [...faults, ...open, ...(/[<>]/.test(rest) ? ["bracket"] : [])];
}

const hostile = "\u001b[2J\u0000<b a=\"1\">]]>&amp; \ud800 'x'";
const report: Report = {
  url: "http://127.0.0.1:1/mcp",
  exitCode: 2,
  verdict: "contract failure",
  tools: [hostile],
  steps: [
    { name: "reach", ok: true, ms: 5, detail: hostile },
    { name: `tools/call ${hostile}`, ok: false, ms: 7, detail: hostile, failure: "contract" },
  ],
  suites: [
    {
      suite: "security",
      results: [
        { id: "MCP-SEC-026", title: "t", level: "low", outcome: "failed", detail: hostile, ms: 1 },
        { id: "MCP-SEC-001", title: "t", level: "high", outcome: "ok", detail: "", ms: 1 },
        { id: "MCP-SEC-024", title: "t", level: "high", outcome: "skipped", detail: hostile, ms: 1 },
      ],
    },
    {
      suite: "conformance",
      results: [
        { id: "MCP-CON-017", title: "t", level: "SHOULD", era: "legacy", outcome: "warned", detail: hostile, ms: 1 },
      ],
    },
  ],
  tookMs: 12,
};

test("JUnit is XML whatever a server says, and counts what failed and what was skipped", () => {
  const text = junit(report);
  expect(xmlFaults(text)).toEqual([]);
  expect(text).toContain('tests="6" failures="2" skipped="1" time="0.012"');
  expect(text.match(/<failure /g)).toHaveLength(2);
  expect(xmlFaults("<a>&</a>")).not.toEqual([]);
  expect(xmlFaults("<a><b></a>")).not.toEqual([]);
});

test("SARIF has a rule for all that was tried, and a result for all that failed, with what was seen", () => {
  const { version, runs } = JSON.parse(sarif(report));
  const [{ tool, results, invocations }] = runs;
  const ids = tool.driver.rules.map(({ id }: { id: string }) => id);
  expect([version, runs.length, tool.driver.name]).toEqual(["2.1.0", 1, "mcpctl"]);
  expect(ids).toEqual(["MCP-SEC-026", "MCP-SEC-001", "MCP-SEC-024", "MCP-CON-017", "mcpctl/tools/call"]);
  expect(results.map(({ ruleId, level }: { ruleId: string; level: string }) => [ruleId, level])).toEqual([
    ["MCP-SEC-026", "note"],
    ["MCP-CON-017", "warning"],
    ["mcpctl/tools/call", "error"],
  ]);
  for (const { ruleId, ruleIndex, message, locations } of results) {
    expect(ids[ruleIndex]).toBe(ruleId);
    expect(message.text.length).toBeGreaterThan(3);
    expect(URL.canParse(locations[0].physicalLocation.artifactLocation.uri)).toBe(true);
  }
  expect(invocations).toEqual([{ executionSuccessful: true, exitCode: 2 }]);
});

test("attacks are sent after a yes only: on a terminal by answer, elsewhere by --yes", async () => {
  const before = server.requests();
  const unasked = await cli(security);
  expect([unasked.code, unasked.out]).toEqual([2, ""]);
  expect(unasked.err).toContain("--yes");
  const refused = await cli(security, { answers: ["n"] });
  expect([refused.code, refused.out]).toEqual([130, ""]);
  expect(refused.err).toContain("MCP-SEC-001: a harmless request with Host:");
  expect(refused.err).toContain("May this server be attacked so? [y/N] ");
  expect(server.requests()).toBe(before);
  const agreed = await cli(security, { answers: ["y"], columns: 40 });
  expect(agreed.code).toBe(2);
  expect(agreed.out).toContain("✓ MCP-SEC-001  withstood");
  expect(agreed.out).toContain("mcpctl explain finding MCP-SEC-018");
  expect(agreed.out.replace(/\s+/g, " ")).toContain("✗ MCP-SEC-026 low Errors tell how the server is built");
  const long = agreed.out.split("\n").filter((line) => Bun.stringWidth(line) > 40 && line.trim().includes(" "));
  expect(
    long.filter((line) =>
      line
        .trim()
        .split(" ")
        .every((word) => word.length < 34),
    ),
  ).toEqual([]);
  const machine = await cli(["test", "mcp", server.url, "--token", rightToken, "--expect-tools", "x", "-o", "sarif"]);
  expect([machine.code, machine.err, JSON.parse(machine.out).runs[0].results.length]).toEqual([2, "", 1]);
  expect(machine.out).not.toContain(rightToken);
});

test("a finding is explained by its id, and what is no id is told with the nearest", async () => {
  expect((await cli(["explain", "finding", "mcp-sec-007"])).out).toContain("Remedy:");
  expect((await cli(["explain", "finding", "MCP-CON-110"])).out).toContain("2025-11-25 basic/transports");
  expect((await cli(["explain", "finding"])).out.split("\n")).toHaveLength(31);
  const wrong = await cli(["explain", "finding", "MCP-SEC-070"]);
  expect([wrong.code, wrong.err.split("\n")[0]]).toEqual([
    2,
    'error: there is no finding "MCP-SEC-070". Did you mean "MCP-SEC-007"?',
  ]);
});

const schema = JSON.stringify({ type: "object", required: ["a"], properties: { a: { type: "integer" } } });
const files = { "good.json": schema, "bad.json": "[", "none.json": '{"type":"objekt"}' };

test("a program is judged over standard input: suites, expectations, and why it does not start", async () => {
  const judge = (words: string[], program: string[]) =>
    cli(["test", "mcp", "--stdio", "--protocol", "legacy", ...words, ...program], { files });
  const echo = (text: string) => ["--tool", "echo", "--args", JSON.stringify({ text })];
  const fits = await judge(
    [...echo('{"a":1}'), "--expect-text", '"a":1', "--expect-schema", "good.json", "--suite", "conformance"],
    ["--", ...fixture()],
  );
  expect([fits.code, fits.err]).toEqual([0, ""]);
  for (const line of ["✓ expected text", "its text fits as JSON", "✓ MCP-CON-104"]) expect(fits.out).toContain(line);
  expect(fits.out).not.toContain("MCP-CON-110");
  const other = await judge([...echo('{"a":"x"}'), "--expect-schema", "good.json"], ["--", ...fixture()]);
  expect([other.code, other.out.includes("data/a must be integer")]).toEqual([2, true]);
  const dies = await judge([], [`'${process.execPath}' -e "console.error('no licence'); process.exit(3)"`]);
  expect([dies.code, dies.out.includes("it said: no licence")]).toEqual([1, true]);
});

test("what is expected of an answer fails by contract when it is not there", async () => {
  const words = ["test", "mcp", server.url, "--token", rightToken, "--tool", "fetch", "--expect-text"];
  const said = await cli([...words, "public"]);
  expect([said.code, said.out.includes("✓ expected text")]).toEqual([0, true]);
  const unsaid = await cli([...words, "sesame"]);
  expect([unsaid.code, unsaid.out.includes("✗ expected text")]).toEqual([2, true]);
});

test.each([
  ["--stdio without a program", ["--stdio"], /--stdio takes a program/],
  ["a program without --stdio", ["--", "npx"], /goes with --stdio/],
  ["nothing at all", [], /a word is missing/],
  ["a token for a program", ["--stdio", "x", "--token", "t"], /--token is for servers over HTTP/],
  ["an unknown suite", ["URL", "--suite", "speed"], /--suite takes conformance, security/],
  ["a second token for nothing", ["URL", "--other-token", "t"], /goes with --suite security/],
  ["a listener nowhere", ["URL", "--suite", "security", "--yes", "--ssrf-listen", "x"], /ADDRESS:PORT/],
  ["a date that is none", ["URL", "--protocol", "2025-6-18"], /a date such as/],
  ["a health that is no path", ["URL", "--health", "healthz"], /takes a path/],
  ["a schema that is not there", ["URL", "--tool", "a", "--expect-schema", "x.json"], /cannot be read/],
  ["a schema that is no JSON", ["URL", "--tool", "a", "--expect-schema", "bad.json"], /not a JSON object/],
  ["a schema that is none", ["URL", "--tool", "a", "--expect-schema", "none.json"], /no JSON Schema/],
  ["an expectation of no call", ["URL", "--expect-text", "x"], /goes with --tool/],
])("%s is a usage error, before anything is sent", async (_what, words, message) => {
  const before = server.requests();
  const { code, out, err } = await cli(["test", "mcp", ...words.map((word) => (word === "URL" ? server.url : word))], {
    files,
  });
  expect([code, out]).toEqual([2, ""]);
  expect(err).toMatch(message);
  expect(server.requests()).toBe(before);
});
