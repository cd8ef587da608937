import { expect, test } from "bun:test";
import { createLog, type LogFields, redact } from "../../src/lib/log.ts";
import { logTo } from "../log.ts";

const body = "0123456789abcdefghijklmnopqrstuvwxyz0123456789ABC";

test.each(["mcpctl_pat_", "mcpctl_ses_"])("%s… is blotted out wherever it stands", (prefix) => {
  for (const before of ["", " ", '"', "local__", "x", "=", "%22"])
    expect(redact(`${before}${prefix}${body} and more`)).toBe(`${before}${prefix}… and more`);
});

test("its shown beginning, and words like it, stay", () => {
  for (const text of ["mcpctl_home_dir", "mcpctl token create", "mcpctl_pat_"]) expect(redact(text)).toBe(text);
});

function written(message: string, fields: LogFields = {}, pretty = false): string {
  const lines: string[] = [];
  createLog(
    (line) => void lines.push(line),
    "debug",
    () => pretty,
    () => 0,
  ).warn(message, fields);
  return lines.join("\n");
}

const planted = "Hunter2-planted";

test.each<[string, LogFields]>([
  ["a password in an address", { url: `http://token:${planted}@host:3200/projects/demo/mcp` }],
  ["one of our own in an address", { url: `http://x:mcpctl_pat_${planted}@host/` }],
  ["a header in words", { reason: `401: Authorization: Bearer ${planted} was refused` }],
  ["a header of another scheme", { reason: `authorization: ${planted}` }],
  ["Basic", { reason: `sent Basic ${planted}` }],
  ["a query", { reason: `GET /x?a=1&api_key=${planted}&b=2 failed` }],
  ["an error", { error: new Error(`Bearer ${planted}`) }],
  ["a password deep within", { request: { body: [{ login: { password: planted } }] } }],
  ["a list below the name of a secret", { detail: { tokens: [planted] } }],
  ["a variable", { env: [{ name: "API_TOKEN", value: planted }] }],
  ["a name of something", { detail: { [`http://u:${planted}@host`]: 1 } }],
  ["bytes", { body: Buffer.from(planted) }],
])("%s is not written", (_, fields) => {
  for (const pretty of [false, true]) expect(written("it failed", fields, pretty)).not.toContain(planted);
});

test("what is no secret stays", () => {
  const fields = {
    reason: "Basic authentication is asked for; see http://127.0.0.1:3200/mcp",
    tool: { name: "files__read", value: 3 },
    size: 12n,
    at: new Date(0),
  };
  expect(JSON.parse(written("it failed", fields))).toMatchObject({
    ...fields,
    size: "12",
    at: "1970-01-01T00:00:00.000Z",
  });
});

test("a line is bounded, whatever it is given, and never steers a terminal", () => {
  const endless: Record<string, unknown> = { text: "x".repeat(1_000_000), list: new Array(100_000).fill("word") };
  endless["again"] = endless;
  expect(written("it failed", endless).length).toBeLessThan(100_000);
  expect(written("it failed", { reason: "\u001b[2J\u202ehidden" }, true)).toContain("reason=\ufffd[2J\ufffdhidden");
  const started = performance.now();
  written(`${"token".repeat(200_000)} ${"://a:".repeat(200_000)}`);
  expect(performance.now() - started).toBeLessThan(2_000);
});

test("secrets that no shape tells are hidden once they are known, also where a line is cut", () => {
  const lines: string[] = [];
  const log = logTo((line) => void lines.push(line), undefined, "info");
  log.hide((text, most) => text.replaceAll(planted, "•••").slice(0, most));
  log.info(`it said ${planted}`, { reason: `${"x".repeat(8_188)}${planted}`, deep: [{ text: planted }] });
  expect(lines.join()).toContain("it said •••");
  expect(lines.join()).not.toContain(planted.slice(0, 4));
});

test("how much is told can be changed while it is written", () => {
  const lines: string[] = [];
  const log = logTo((line) => void lines.push(line), undefined, "warn");
  log.info("unheard");
  log.setLevel("info");
  log.info("heard");
  log.setLevel("silent");
  log.error("unheard");
  expect([log.level(), lines.length]).toEqual(["silent", 1]);
});
