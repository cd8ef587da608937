import type { Protocol } from "../../client/sdk.ts";
import type { Program } from "../../client/sdk-stdio.ts";
import { schemaProblem } from "../../client/validator/expectations.ts";
import { type SuiteName, statementOf, suiteNames } from "../../client/validator/suites.ts";
import { type Check, validate } from "../../client/validator/validate.ts";
import { parsedJson } from "../../lib/json.ts";
import { isObject } from "../../lib/object.ts";
import { Problem } from "../../lib/problem.ts";
import type { Env } from "../environment.ts";
import { usage as usageOf } from "../parse.ts";
import { during } from "../progress.ts";
import { reports } from "../reports/index.ts";
import { teller } from "../reports/text.ts";
import type { Args } from "../verb.ts";
import { fitted } from "../wrap.ts";

const eras: readonly Protocol[] = ["auto", "legacy", "modern"];
const usage = (message: string) => usageOf("test mcp", message);

/** Checks a server of anybody's. What is wrong with the command line is told before anything is sent. */
export async function run(args: Args, env: Env): Promise<number> {
  const format = args.flag("output") ?? "text";
  const write = Object.hasOwn(reports, format) ? reports[format] : undefined;
  if (write === undefined && format !== "text" && format !== "table")
    throw new Problem("invalid", `-o takes text, ${Object.keys(reports).join(", ")}`);
  const isQuiet = args.has("quiet");
  const check = await checkFrom(args, env);
  if (!(await isAgreed(check, args, env))) return 130;
  const tell = teller(env);
  const isTold = write === undefined && !isQuiet;
  const report = await during("asking the server", args, env, (say) =>
    validate({
      ...check,
      told: (step) => {
        say(`after ${step.name}`);
        if (isTold) tell.step(step);
      },
      toldRow: (suite, result) => {
        say(`${suite}, after ${result.id}`);
        if (isTold) tell.row(suite, result);
      },
    }),
  );
  if (write !== undefined) env.out(write(report));
  else if (isQuiet) env.out(report.verdict);
  else tell.end(report);
  return report.exitCode;
}

/** Attacks are for servers that one may attack: what is sent is said first, and a script says --yes. */
async function isAgreed({ suites = [], url, program }: Check, args: Args, env: Env): Promise<boolean> {
  if (!suites.includes("security")) return true;
  if (!args.has("yes") && !env.isInteractive)
    throw usage("--suite security tries attacks, so it asks before; where nobody can answer it takes --yes");
  if (!args.has("quiet"))
    for (const line of statement(url, program === undefined ? "http" : "stdio")) env.err(fitted(line, env.screen));
  return args.has("yes") || /^y(es)?$/i.test((await env.ask("May this server be attacked so? [y/N] ")).trim());
}

const statement = (url: string, over: "http" | "stdio"): string[] => [
  `The security suite tries known attacks on ${url}.`,
  "Only run it on a server that you may test. It changes nothing that it knows of and calls no tool, unless --ssrf-listen asks for that; what it sends may trip alarms. It sends:",
  ...statementOf("security", over).map((line) => `  ${line}`),
];

async function checkFrom(args: Args, env: Env): Promise<Check> {
  const program = programFrom(args, env);
  const tool = args.flag("tool");
  for (const flag of ["args", "expect-text", "expect-schema"])
    if (tool === undefined && args.flag(flag) !== undefined) throw usage(`--${flag} goes with --tool`);
  return {
    url: program === undefined ? addressFrom(args) : program.words.join(" "),
    program,
    ...credentials(args, env),
    protocol: protocolFrom(args),
    timeoutMs: secondsFrom(args) * 1000,
    health: healthFrom(args),
    expectTools: args
      .flags("expect-tools")
      .flatMap((text) => text.split(","))
      .map((name) => name.trim())
      .filter((name) => name !== ""),
    call: tool === undefined ? undefined : { tool, args: jsonObject("--args", args.flag("args") ?? "{}") },
    expectText: args.flag("expect-text"),
    expectSchema: await schemaFrom(args, env),
    suites: suitesFrom(args),
    otherToken: args.flag("other-token"),
    bait: baitFrom(args),
  };
}

function addressFrom({ words: [url = ""] }: Args): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw usage("the URL is not one of http or https; a program is named after --stdio");
  return url;
}

/** `--stdio "npx server"` or `--stdio -- npx server`, which leaves the quoting to the shell. */
function programFrom(args: Args, env: Env): Program | undefined {
  const [word, ...others] = args.words;
  if (!args.has("stdio")) {
    if (args.rest.length > 0) throw usage("a program after -- goes with --stdio");
    if (word === undefined) throw usage("a word is missing: mcpctl test mcp URL, or --stdio -- COMMAND");
    return undefined;
  }
  if (word !== undefined && args.rest.length > 0) throw usage("a program is named once, after --stdio or after --");
  const words = args.rest.length > 0 ? args.rest : wordsOf([word ?? "", ...others].join(" "));
  if (words.length === 0) throw usage("--stdio takes a program: --stdio -- npx -y some-server");
  for (const flag of ["token", "header", "health", "other-token"])
    if (args.flag(flag) !== undefined) throw usage(`--${flag} is for servers over HTTP; a program has its environment`);
  const environment = Object.entries(env.variables).filter(
    (pair): pair is [string, string] => pair[1] !== undefined && !ours.test(pair[0]),
  );
  return { words, environment: Object.fromEntries(environment), said: () => {} };
}

/** What is between us and our own server, or would change what an executable of Bun's does. */
const ours = /^(MCPCTL_TOKEN|BUN_OPTIONS|BUN_BE_BUN)$/;

/** The words of a command line as a shell would part them, quotes and all; nothing in it is expanded. */
const wordsOf = (text: string): string[] =>
  (text.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? []).map((word) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ""),
  );

function protocolFrom(args: Args): Protocol {
  const word = args.flag("protocol") ?? "auto";
  const known = eras.find((era) => era === word) ?? (/^\d{4}-\d\d-\d\d$/.test(word) ? (word as Protocol) : undefined);
  if (known === undefined) throw usage(`--protocol takes ${eras.join(", ")} or a date such as 2025-06-18`);
  return known;
}

function secondsFrom(args: Args): number {
  const seconds = Number(args.flag("timeout") ?? "10");
  if (!(seconds > 0 && seconds <= 3600)) throw usage("--timeout takes seconds, at most 3600");
  return seconds;
}

function healthFrom(args: Args): string | undefined {
  const where = args.flag("health");
  if (where === undefined || where.startsWith("/")) return where;
  if (URL.canParse(where) && /^https?:$/.test(new URL(where).protocol)) return where;
  throw usage("--health takes a path such as /healthz, or a URL of http or https");
}

function suitesFrom(args: Args): SuiteName[] {
  const words = args.flags("suite").flatMap((text) => text.split(","));
  const wanted = words.map((word) => {
    const known = suiteNames.find((name) => name === word.trim());
    if (known === undefined) throw usage(`--suite takes ${suiteNames.join(", ")}`);
    return known;
  });
  for (const flag of ["other-token", "ssrf-listen"])
    if (args.flag(flag) !== undefined && !wanted.includes("security"))
      throw usage(`--${flag} goes with --suite security`);
  return suiteNames.filter((name) => wanted.includes(name));
}

function baitFrom(args: Args): Check["bait"] {
  const text = args.flag("ssrf-listen");
  if (text === undefined) return undefined;
  const [, host = "", port = ""] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host === "" || Number(port) > 65_535) throw usage("--ssrf-listen takes ADDRESS:PORT, such as 127.0.0.1:0");
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

async function schemaFrom(args: Args, env: Env): Promise<Record<string, unknown> | undefined> {
  const path = args.flag("expect-schema");
  if (path === undefined) return undefined;
  const text = await env.readFile(path).catch(() => {
    throw usage(`--expect-schema: ${path} cannot be read`);
  });
  const schema = jsonObject("--expect-schema", text);
  const problem = schemaProblem(schema);
  if (problem !== undefined) throw usage(`--expect-schema: ${path} is no JSON Schema: ${problem}`);
  return schema;
}

/** A header that says who we are stands above the variable, which may be there for other commands; above a flag it would be a riddle. */
function credentials(args: Args, env: Env): Pick<Check, "token" | "headers"> {
  const headers = Object.fromEntries(args.flags("header").map(header));
  const flag = args.flag("token");
  const isSaid = "authorization" in headers;
  if (flag === "") throw usage("--token is empty");
  if (flag !== undefined && isSaid) throw usage("--token and an Authorization header exclude each other");
  const token = flag ?? (isSaid ? undefined : env.variables["MCPCTL_TOKEN"] || undefined);
  for (const one of [token, args.flag("other-token")])
    if (one !== undefined && !canBeSent("authorization", `Bearer ${one}`))
      throw usage("the token has characters that no header may hold");
  return { token, headers };
}

function header(text: string): [string, string] {
  const at = text.indexOf(":");
  const [name, value] = [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
  if (at < 1 || !canBeSent(name, value)) throw usage("--header takes NAME:VALUE, as HTTP allows them");
  return [name, value];
}

function canBeSent(name: string, value: string): boolean {
  try {
    new Headers([[name, value]]);
    return true;
  } catch {
    return false;
  }
}

function jsonObject(flag: string, text: string): Record<string, unknown> {
  const value = parsedJson(text);
  if (!isObject(value)) throw usage(`${flag} is not a JSON object`);
  return value;
}
