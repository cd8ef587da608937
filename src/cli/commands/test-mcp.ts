import { colors } from "consola/utils";
import type { Protocol } from "../../client/sdk.ts";
import { type Check, type Report, validate } from "../../client/validate.ts";
import { isObject } from "../../lib/object.ts";
import { printable } from "../../lib/printable.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { usage } from "../parse.ts";
import type { Args } from "../verb.ts";

const protocols: readonly Protocol[] = ["auto", "legacy", "modern"];

/** Checks an endpoint of anybody's. What is wrong with the command line is told before anything is sent. */
export async function run(args: Args, env: Env): Promise<number> {
  const format = formatOf(args, ["table", "json"]);
  const report = await validate(checkFrom(args, env));
  if (format === "json") env.out(JSON.stringify(report, null, 2));
  else show(report, args.has("quiet"), env);
  return report.exitCode;
}

function checkFrom(args: Args, env: Env): Check {
  const [url = ""] = args.words;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw usage("test mcp", "the URL is not one of http or https");
  const protocol = protocols.find((word) => word === (args.flag("protocol") ?? "auto"));
  if (protocol === undefined) throw usage("test mcp", `--protocol takes ${protocols.join(", ")}`);
  const seconds = Number(args.flag("timeout") ?? "10");
  if (!(seconds > 0 && seconds <= 3600)) throw usage("test mcp", "--timeout takes seconds, at most 3600");
  const tool = args.flag("tool");
  if (tool === undefined && args.flag("args") !== undefined) throw usage("test mcp", "--args goes with --tool");
  return {
    url,
    ...credentials(args, env),
    protocol,
    timeoutMs: seconds * 1000,
    expectTools: args
      .flags("expect-tools")
      .flatMap((text) => text.split(","))
      .map((name) => name.trim())
      .filter((name) => name !== ""),
    call: tool === undefined ? undefined : { tool, args: jsonObject(args.flag("args") ?? "{}") },
  };
}

/** A header that says who we are stands above the variable, which may be there for other commands; above a flag it would be a riddle. */
function credentials(args: Args, env: Env): Pick<Check, "token" | "headers"> {
  const headers = Object.fromEntries(args.flags("header").map(header));
  const flag = args.flag("token");
  const isSaid = "authorization" in headers;
  if (flag === "") throw usage("test mcp", "--token is empty");
  if (flag !== undefined && isSaid) throw usage("test mcp", "--token and an Authorization header exclude each other");
  const token = flag ?? (isSaid ? undefined : env.variables["MCPCTL_TOKEN"] || undefined);
  if (token !== undefined && !canBeSent("authorization", `Bearer ${token}`))
    throw usage("test mcp", "the token has characters that no header may hold");
  return { token, headers };
}

function header(text: string): [string, string] {
  const at = text.indexOf(":");
  const [name, value] = [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
  if (at < 1 || !canBeSent(name, value)) throw usage("test mcp", "--header takes NAME:VALUE, as HTTP allows them");
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

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below.
  }
  throw usage("test mcp", "--args is not a JSON object");
}

function show({ url, verdict, exitCode, missing = [], steps }: Report, quiet: boolean, env: Env): void {
  const colour = env.isTerminal && env.variables["NO_COLOR"] === undefined;
  const paint = (ok: boolean, text: string) => (colour ? (ok ? colors.green(text) : colors.red(text)) : text);
  if (quiet) {
    env.out(verdict);
    return;
  }
  const width = Math.max(...steps.map(({ name }) => name.length));
  for (const { name, ok, ms, detail } of steps) {
    env.out(
      `${paint(ok, ok ? "✓" : "✗")} ${printable(name).padEnd(width)}  ${`${ms} ms`.padStart(8)}  ${printable(detail)}`,
    );
  }
  for (const { server, reason } of missing) {
    const why = reason.replace(`server "${server}": `, "");
    env.err(`warning: ${printable(`missing: server "${server}": ${why}`)}`);
  }
  env.out(`\n${printable(url)}: ${paint(exitCode === 0, verdict)}`);
}
