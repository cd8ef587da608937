import { didYouMean } from "../lib/nearest.ts";
import { messageOf } from "../lib/problem.ts";
import { version } from "../lib/version.ts";
import { blotter, shownUrl } from "./blot.ts";
import { reach } from "./reach.ts";
import { connectMcp, type McpConnection, McpFailure, type Missing, type Protocol, type Tool } from "./sdk.ts";

export type Check = {
  url: string;
  token: string | undefined;
  headers: Record<string, string>;
  protocol: Protocol;
  timeoutMs: number;
  expectTools: readonly string[];
  call: { tool: string; args: Record<string, unknown> } | undefined;
};

export type Step = { name: string; ok: boolean; ms: number; detail: string; failure?: McpFailure["kind"] };
export type Report = {
  url: string;
  exitCode: 0 | 1 | 2;
  verdict: "pass" | "transport or authentication failure" | "contract failure";
  protocolVersion?: string;
  era?: string;
  serverInfo?: { name: string; version: string };
  tools: string[];
  /** Servers behind a gateway that are not there: told, not failed. */
  missing?: Missing[];
  steps: Step[];
};

/** Cut only after secrets are out: half a token must not survive the cut. */
const mostDetail = 1_000;

/** Speaks MCP to an endpoint, a step at a time, and stops at the first that fails: what follows would only repeat it. */
export async function validate(check: Check): Promise<Report> {
  const { url, token, expectTools, call } = check;
  const headers = { ...check.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const { steps, step } = stepper();
  await step("reach", async () => [
    await reach({ ...check, headers, hasCredential: hasCredential(headers) }),
    undefined,
  ]);
  const open = await step("connect", async () => {
    const made = await connectMcp({ ...check, headers, version });
    return [introduction(made), made];
  });
  let tools: Tool[] = [];
  let missing: Missing[] = [];
  if (open !== undefined) {
    tools =
      (await step("tools/list", async () => {
        const list = await open.tools();
        missing = list.missing;
        return judged(list.tools);
      })) ?? [];
    if (expectTools.length > 0) await step("expected tools", async () => [expected(expectTools, tools), undefined]);
    if (call !== undefined) await step(`tools/call ${call.tool}`, () => called(open, call));
    await open.close();
  }
  const report = { url, ...verdict(steps), ...about(open), tools: tools.map(({ name }) => name), missing, steps };
  return withoutSecrets(report, [...Object.values(headers), new URL(url).password]);
}

/** Runs steps one after the other and keeps how each ended; after a failure the rest is left out. */
function stepper() {
  const steps: Step[] = [];
  async function step<T>(name: string, work: () => Promise<[detail: string, value: T]>): Promise<T | undefined> {
    if (steps.some(({ ok }) => !ok)) return undefined;
    const start = performance.now();
    const ms = () => Math.round(performance.now() - start);
    try {
      const [detail, value] = await work();
      steps.push({ name, ok: true, ms: ms(), detail });
      return value;
    } catch (error) {
      const failure = error instanceof McpFailure ? error.kind : "contract";
      steps.push({ name, ok: false, ms: ms(), detail: messageOf(error), failure });
      return undefined;
    }
  }
  return { steps, step };
}

const introduction = ({ protocolVersion, era, serverInfo }: McpConnection): string =>
  `${protocolVersion} (${era}), ${serverInfo?.name ?? "nameless"} ${serverInfo?.version ?? ""}`.trim();

function about(open: McpConnection | undefined): Pick<Report, "protocolVersion" | "era" | "serverInfo"> {
  if (open === undefined) return {};
  const { protocolVersion, era, serverInfo } = open;
  return { protocolVersion, era, ...(serverInfo === undefined ? {} : { serverInfo }) };
}

const hasCredential = (headers: Record<string, string>): boolean =>
  Object.keys(headers).some((name) => /^(authorization|cookie)$|key|token/i.test(name));

/** Every word of the report that came from the server may hold what we sent it. */
function withoutSecrets({ missing = [], ...report }: Report, secrets: readonly string[]): Report {
  const clean = blotter(secrets);
  const cut = (text: string) => clean(text).slice(0, mostDetail);
  const { serverInfo } = report;
  return {
    ...report,
    url: shownUrl(report.url),
    ...(serverInfo === undefined
      ? {}
      : { serverInfo: { name: clean(serverInfo.name), version: clean(serverInfo.version) } }),
    tools: report.tools.map(clean),
    ...(missing.length === 0
      ? {}
      : { missing: missing.map(({ server, reason }) => ({ server: cut(server), reason: cut(reason) })) }),
    steps: report.steps.map((step) => ({
      ...step,
      name: clean(step.name),
      detail: cut(step.detail),
    })),
  };
}

/** 0 pass; 1 when the way to the server or the credential failed; 2 when the server did not keep its word (design §4). */
export function verdict(steps: readonly Step[]): Pick<Report, "exitCode" | "verdict"> {
  const failed = steps.find(({ ok }) => !ok);
  if (failed === undefined) return { exitCode: 0, verdict: "pass" };
  if (failed.failure === "contract") return { exitCode: 2, verdict: "contract failure" };
  return { exitCode: 1, verdict: "transport or authentication failure" };
}

/** What every tool must have; a name that only some clients take is told, not failed. */
function judged(tools: Tool[]): [string, Tool[]] {
  const seen = new Set<string>();
  for (const { name, inputSchema } of tools) {
    if (seen.has(name)) throw new McpFailure("contract", `the tool ${name} is listed twice`);
    seen.add(name);
    if ((inputSchema as { type?: unknown } | undefined)?.type !== "object") {
      throw new McpFailure("contract", `the inputSchema of ${name} has no type "object" at its root`);
    }
  }
  const awkward = tools.filter(({ name }) => !/^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/.test(name)).length;
  return [`${tools.length} tools${awkward === 0 ? "" : `, ${awkward} with names that some clients refuse`}`, tools];
}

function expected(names: readonly string[], tools: readonly Tool[]): string {
  const missing = names.filter((name) => !tools.some((tool) => tool.name === name));
  const known = tools.map(({ name }) => name);
  const told = missing.map((name) => `${name}${didYouMean(name, known)}`);
  if (missing.length > 0) throw new McpFailure("contract", `missing: ${told.join(", ")}${isGated(known) ? gated : ""}`);
  return `all ${names.length} there`;
}

const isGated = (known: readonly string[]): boolean => known.length === 1 && known[0] === "begin_session";
const gated =
  '; the gate of this project is closed: --tool begin_session --args \'{"tags":["one","two","three"]}\' opens it for this token';

async function called(
  connection: McpConnection,
  { tool, args }: NonNullable<Check["call"]>,
): Promise<[string, undefined]> {
  const { isError, text } = await connection.call(tool, args);
  if (isError) throw new McpFailure("contract", `the tool answered an error: ${text}`);
  return [text, undefined];
}
