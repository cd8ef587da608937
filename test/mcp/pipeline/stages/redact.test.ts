import { expect, test } from "bun:test";
import fc from "fast-check";
import { patternFault } from "../../../../src/mcp/pipeline/stages/hide/patterns.ts";
import { isCard } from "../../../../src/mcp/pipeline/stages/hide/people.ts";
import { aboutOf, oddText, pipelineOf, runnerOf } from "../stage-bench.ts";

const runner = runnerOf();
const redacted = async (text: string, config: Record<string, unknown> = {}) =>
  (await runner.run(pipelineOf(["redact", config]), text, aboutOf())).content;

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const random = (length: number, of = letters) =>
  fc.array(fc.constantFrom(...of), { minLength: length, maxLength: length }).map((all) => all.join(""));
const hard = random(20).filter((text) => /\d/.test(text) && new Set(text).size > 8);
const key = random(64).map(
  (line) => `-----BEGIN RSA PRIVATE KEY-----\n${`${line}\n`.repeat(25)}-----END RSA PRIVATE KEY-----`,
);
const card = random(15, "0123456789").map((rest) => {
  const start = `4${rest.slice(1)}`;
  const last = [..."0123456789"].find((digit) => isCard(start + digit)) ?? "0";
  return start + last;
});

/** What is planted, and the part of it that nobody may see. */
const secrets = fc.oneof(
  random(49).map((rest) => ({ text: `mcpctl_pat_${rest}`, secret: rest })),
  random(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").map((rest) => ({ text: `AKIA${rest}`, secret: rest })),
  random(36).map((rest) => ({ text: `ghp_${rest}`, secret: rest })),
  random(30).map((rest) => ({ text: `xoxb-1234567890-${rest}`, secret: rest })),
  random(40).map((rest) => ({ text: `eyJhbGciOiJIUzI1NiJ9.eyJ${rest}.${rest}`, secret: rest })),
  key.map((text) => ({ text, secret: text.split("\n")[1] ?? "" })),
  hard.chain((secret) =>
    fc
      .constantFrom(
        `password=${secret}`,
        `"api_key": "${secret}"`,
        `{\\"client_secret\\":\\"${secret}\\"}`,
        `AWS_SECRET_ACCESS_KEY: ${secret}`,
        `<password>${secret}</password>`,
        `--token ${secret}`,
        `https://me:${secret}@example.com/x`,
        `Authorization: Bearer ${secret}`,
      )
      .map((text) => ({ text, secret })),
  ),
  random(12, "abcdefghijklmnopqrstuvwxyz").map((name) => ({ text: `${name}.x+y@mail.example.com`, secret: name })),
  card.map((text) => ({ text, secret: text })),
  card.map((text) => ({
    text: text.replace(/(....)(?=.)/g, "$1 "),
    secret: `${text.slice(4, 8)} ${text.slice(8, 12)}`,
  })),
);
const around = fc.oneof(
  oddText(60),
  fc.constantFrom("a: 1, ", "name = 'x' ", "x".repeat(70_000), "word ".repeat(14_000), "\ud800"),
);

test("a planted secret is never left, wherever it stands", async () => {
  await fc.assert(
    fc.asyncProperty(around, secrets, around, async (before, { text, secret }, after) => {
      const found = await redacted(`${before}\n${text}\n${after}`);
      expect(found).not.toContain(secret);
    }),
    { numRuns: 400 },
  );
});

test("a secret over the border of two stretches is found", async () => {
  const token = `mcpctl_pat_${"Ab1".repeat(16)}`;
  for (const at of [65_500, 65_520, 65_530, 65_536]) {
    const found = await redacted(`${"x ".repeat(at / 2)}${token} and me@example.com`);
    expect(found.endsWith("[redacted] and [e-mail]")).toBe(true);
  }
});

test.each([
  "The password is required. token: string; max_tokens=4096, total_tokens: 123456",
  "const token = getToken(request); secret_key: settings.SECRET_KEY",
  "token_url: https://idp.example.com/oauth2/token",
  "order 1234567890123456, at 1732960000000, version 4.1111111111111111",
  "mail to nobody@localhost or @everyone at 5 @ 3",
  "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
])("what is no secret stays: %s", async (text) => {
  expect(await redacted(text)).toBe(text);
});

test("each sort can be left out, and patterns of one's own be added", async () => {
  const text = `me@example.com 4111 1111 1111 1111 ghp_${"a".repeat(36)} EMP-12345`;
  expect(await redacted(text)).toBe("[e-mail] [card number] [redacted] EMP-12345");
  expect(await redacted(text, { email: false, cards: false, secrets: false, patterns: ["EMP-\\d{4,8}"] })).toBe(
    `me@example.com 4111 1111 1111 1111 ghp_${"a".repeat(36)} [redacted]`,
  );
});

test("sections that were made before are looked through as well", async () => {
  const content = Array.from(
    { length: 9 },
    (_, i) => `# Part ${i} me@example.com\n${"words and me@example.com ".repeat(60)}`,
  ).join("\n");
  const ran = await runner.run(pipelineOf("section-split", "redact"), content, aboutOf());
  expect(ran.sections).toBeDefined();
  expect(JSON.stringify(ran)).not.toContain("me@example.com");
});

test.each([
  ["(a+)+b", "without a bound"],
  ["(?:a{1,9}){1,9}", "ways"],
  [".*x", "without a bound"],
  ["(a)\\1", "refers back"],
  ["(?=a)b", "ahead"],
  ["a?", "nothing at all"],
  ["a{5000}", "more than 4096"],
  ["(", "no regular expression"],
  ["(?:a|b|[^\\]]){1,20}", "ways"],
])("a pattern that could take for ever is refused: %s", (pattern, reason) => {
  expect(patternFault(pattern)).toContain(reason);
});

test.each([
  "EMP-\\d{4,8}",
  "[A-Z]{2}\\d{6}[A-Z]?",
  "\\b(?:foo|bar)-\\w{1,64}\\b",
  "\\p{Lu}{3}[\\]x]{2}",
  "(?<year>\\d{4})-\\d\\d",
])("a pattern that cannot is taken: %s", (pattern) => {
  expect(patternFault(pattern)).toBeUndefined();
});

test("hostile texts come through", async () => {
  const bad = [
    "token",
    "://a:",
    "4111 ",
    "-----BEGIN PRIVATE KEY-----",
    ".eyJ",
    "a@a.",
    'password="',
    "sk-",
    "\\",
    "-a",
    "\ud800",
  ];
  for (const piece of bad) {
    const text = piece.repeat(Math.floor(200_000 / piece.length));
    expect((await redacted(text)).length).toBeLessThanOrEqual(text.length * 1.5);
  }
});

test("when it cannot look through a text, nothing of the text is given", async () => {
  const ran = await runner.run(pipelineOf(["redact", { patterns: ["(a+)+"] }], "paginate"), "a secret", aboutOf());
  expect(ran.held).toBe(true);
  expect(ran.content).toContain("held back");
  expect(ran.content).not.toContain('secret"');
});
