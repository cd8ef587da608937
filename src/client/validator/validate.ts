import { oneLine } from "../../lib/cut.ts";
import { version } from "../../lib/version.ts";
import { connectMcp, type McpConnection, McpFailure, type Missing, type Protocol, type Tool } from "../sdk.ts";
import { askAsOthers, judgeAuthentication } from "./authentication.ts";
import { called, distinct, type Expectations, expected, fitsSchema, saysText } from "./expectations.ts";
import { survey } from "./ground.ts";
import { healthy } from "./health.ts";
import { reach } from "./reach.ts";
import { cleanStep, foundIn, type Report, type Step, verdict, withoutSecrets } from "./report.ts";
import { inSuites, type Suites } from "./run-suites.ts";
import { stepper } from "./stepper.ts";
import type { SuiteReport } from "./suites.ts";
import { judged, schemasOf } from "./tools.ts";
import { credentialOf, type Ends, httpWay, type Way } from "./way.ts";

export type Check = Ends &
  Expectations &
  Suites & {
    protocol: Protocol;
    timeoutMs: number;
    /** A path of the server or an address that must answer 2xx first. */
    health?: string | undefined;
    /** Hears of each step as it ends; secrets are out of it. */
    told?: (step: Step) => void;
  };

/** Speaks MCP to a server, a step at a time, and stops at the first that fails: what follows would only repeat it. */
export async function validate(check: Check): Promise<Report> {
  const start = performance.now();
  const secrets = secretsOf(check);
  const { steps, step } = stepper((done) => check.told?.(cleanStep(done, secrets)));
  const way = check.program === undefined ? httpWay(check, check.timeoutMs) : undefined;
  const report: Omit<Report, "exitCode" | "verdict" | "tookMs"> = { url: check.url, tools: [], steps };
  let suites: SuiteReport[] = [];
  try {
    const open = await opened(check, way, step);
    Object.assign(report, about(open));
    if (open !== undefined && way !== undefined && open.transport === "streamable-http")
      Object.assign(report, await erasOf(way, check, step));
    if (open !== undefined) {
      try {
        Object.assign(report, await contents(check, open, step));
      } finally {
        await open.close();
      }
      suites = await inSuites(check, open, way, step, secrets);
    }
  } finally {
    await way?.close();
  }
  const whole: Report = {
    ...report,
    ...verdict(steps, suites),
    ...(suites.length === 0 ? {} : { suites }),
    ...(suites.some(({ suite }) => suite === "security") ? { findings: foundIn(suites) } : {}),
    tookMs: Math.round(performance.now() - start),
  };
  return withoutSecrets(whole, secrets);
}

type StepDoer = ReturnType<typeof stepper>["step"];

const secretsOf = ({ url, headers, token, otherToken }: Check): string[] => [
  ...Object.values(headers),
  ...[token, otherToken].flatMap((one) => (one === undefined ? [] : [`Bearer ${one}`])),
  ...(URL.canParse(url) ? [new URL(url).password] : []),
];

async function opened(check: Check, way: Way | undefined, step: StepDoer): Promise<McpConnection | undefined> {
  const { program, health, token } = check;
  const headers = { ...check.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const said: string[] = [];
  const heard = program && { ...program, said: (text: string) => void (said.push(text) > mostSaid && said.shift()) };
  const connect = async (transport: McpConnection["transport"]) => {
    // That transport is of the legacy era alone, and its servers may take a question about another for a mistake.
    const protocol = transport === "sse" && check.protocol === "auto" ? "legacy" : check.protocol;
    const made = await connectMcp({ ...check, protocol, program: heard, transport, headers, version });
    return { detail: introduction(made), value: made };
  };
  if (program !== undefined || way === undefined)
    return await step("connect", () => connect("stdio").catch(withWords(said)));
  if (health !== undefined) await step("health", () => healthy(way.wire, health));
  const hasCredential = Object.keys(credentialOf(check)).length > 0;
  const transport = await step("reach", async () => {
    const reached = await reach({ ...check, headers, hasCredential });
    const told = reached.transport === "sse" ? ", the transport of 2024-11-05 (HTTP+SSE)" : "";
    return { detail: `HTTP ${reached.status}${told}`, value: reached.transport };
  });
  // The security suite tries the same and more of it, and a failure here would keep it from its work.
  if (hasCredential && transport === "streamable-http" && !check.suites?.includes("security"))
    await step("authentication", async () => judgeAuthentication(await askAsOthers(way.wire)));
  return await step("connect", () => connect(transport ?? "streamable-http"));
}

const mostSaid = 8;

/** A program that does not start says why on standard error, and to nobody else. */
const withWords = (said: readonly string[]) => (error: unknown) => {
  const words = oneLine(said.join(""), 300);
  if (!(error instanceof McpFailure)) throw error;
  if (words !== "") throw new McpFailure(error.kind, `${error.message}; it said: ${words}`, error);
  // npx and uvx say nothing while they fetch, and that takes longer than a server may.
  if (!error.message.startsWith("no answer within")) throw error;
  throw new McpFailure(
    error.kind,
    `${error.message}; a program that is fetched first takes longer: --timeout 60`,
    error,
  );
};

/** Which eras it speaks, each with the revision that was agreed on. */
async function erasOf({ wire }: Way, { protocol }: Check, step: StepDoer) {
  return await step("eras", async () => {
    const speakers = await survey(wire, protocol);
    const found = Object.fromEntries(speakers.map(({ era, version: spoken }) => [era, spoken]));
    return {
      detail: speakers.map(({ era, version: spoken }) => `${spoken} (${era})`).join(", "),
      value: { eras: found },
    };
  });
}

async function contents(
  check: Check,
  open: McpConnection,
  step: StepDoer,
): Promise<{ tools: string[]; missing: Missing[] }> {
  const { expectTools, call, expectText, expectSchema } = check;
  let missing: Missing[] = [];
  const tools: Tool[] =
    (await step("tools/list", async () => {
      const list = await open.tools();
      missing = list.missing;
      return judged(list.tools);
    })) ?? [];
  await step("schemas", () => schemasOf(tools));
  if ("resources" in open.capabilities || "prompts" in open.capabilities)
    await step("other lists", async () => distinct(await open.others()));
  if (expectTools.length > 0) await step("expected tools", () => expected(expectTools, tools));
  if (call !== undefined) {
    const result = await step(`tools/call ${call.tool}`, () => called(open, call));
    if (result !== undefined && expectText !== undefined)
      await step("expected text", () => saysText(expectText, result));
    if (result !== undefined && expectSchema !== undefined)
      await step("expected schema", () => fitsSchema(expectSchema, result));
  }
  return { tools: tools.map(({ name }) => name), missing };
}

const introduction = ({ protocolVersion, era, serverInfo }: McpConnection): string =>
  `${protocolVersion} (${era}), ${serverInfo?.name ?? "nameless"} ${serverInfo?.version ?? ""}`.trim();

function about(open: McpConnection | undefined): Pick<Report, "transport" | "protocolVersion" | "era" | "serverInfo"> {
  if (open === undefined) return {};
  const { transport, protocolVersion, era, serverInfo } = open;
  return { transport, protocolVersion, era, ...(serverInfo === undefined ? {} : { serverInfo }) };
}
