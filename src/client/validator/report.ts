import { blotter, shownUrl } from "../blot.ts";
import type { McpFailure, Missing } from "../sdk.ts";
import { type Finding, findingOf } from "./findings.ts";
import type { SuiteReport } from "./suites.ts";

export type Step = {
  name: string;
  ok: boolean;
  ms: number;
  detail: string;
  /** What is no failure and yet worth knowing. */
  notes?: string[];
  failure?: McpFailure["kind"];
};

export type Found = Pick<Finding, "id" | "severity" | "title"> & {
  evidence: string;
  /** The command that tells all about it. */
  explain: string;
};

/** What `-o json` prints. Fields are only ever added. */
export type Report = {
  /** The address without a password, or the words of a program. */
  url: string;
  exitCode: 0 | 1 | 2;
  verdict: "pass" | "transport or authentication failure" | "contract failure";
  transport?: string;
  protocolVersion?: string;
  era?: string;
  /** Each era that a server over HTTP speaks, by the revision it agreed on. */
  eras?: Record<string, string>;
  serverInfo?: { name: string; version: string };
  tools: string[];
  /** Servers behind a gateway that are not there: told, not failed. */
  missing?: Missing[];
  steps: Step[];
  suites?: SuiteReport[];
  /** What the security suite found. */
  findings?: Found[];
  /** In milliseconds. */
  tookMs: number;
};

/** Cut only after secrets are out: half a token must not survive the cut. */
const mostDetail = 1_000;

/** 0 pass; 1 when the way to the server or the credential failed; 2 when the server did not keep its word (design §4). */
export function verdict(
  steps: readonly Step[],
  suites: readonly SuiteReport[] = [],
): Pick<Report, "exitCode" | "verdict"> {
  const failed = steps.find(({ ok }) => !ok);
  if (failed !== undefined && failed.failure !== "contract")
    return { exitCode: 1, verdict: "transport or authentication failure" };
  const isBroken = suites.some(({ results }) => results.some(({ outcome }) => outcome === "failed"));
  return failed === undefined && !isBroken
    ? { exitCode: 0, verdict: "pass" }
    : { exitCode: 2, verdict: "contract failure" };
}

export function foundIn(suites: readonly SuiteReport[]): Found[] {
  const results = suites.filter(({ suite }) => suite === "security").flatMap((suite) => suite.results);
  return results.flatMap(({ id, outcome, detail }) => {
    const finding = findingOf(id);
    if (finding === undefined || outcome !== "failed") return [];
    const { severity, title } = finding;
    return [{ id: finding.id, severity, title, evidence: detail, explain: `mcpctl explain finding ${id}` }];
  });
}

/** Takes what we sent as a secret out of every word that came from the server, then bounds it. */
export function cleaner(secrets: readonly string[]): (text: string) => string {
  const clean = blotter(secrets);
  return (text) => clean(text).slice(0, mostDetail);
}

/** Every word of the report that came from the server may hold what we sent it. */
export function withoutSecrets(report: Report, secrets: readonly string[]): Report {
  const whole = blotter(secrets);
  const cut = cleaner(secrets);
  const { serverInfo, missing = [], suites = [], findings: found, ...rest } = report;
  return {
    ...rest,
    url: URL.canParse(report.url) ? shownUrl(report.url) : whole(report.url),
    ...(serverInfo === undefined
      ? {}
      : { serverInfo: { name: whole(serverInfo.name), version: whole(serverInfo.version) } }),
    tools: report.tools.map(whole),
    ...(missing.length === 0
      ? {}
      : { missing: missing.map(({ server, reason }) => ({ server: cut(server), reason: cut(reason) })) }),
    steps: report.steps.map((step) => cleanStep(step, secrets)),
    ...(suites.length === 0
      ? {}
      : {
          suites: suites.map(({ suite, results }) => ({
            suite,
            results: results.map((result) => ({ ...result, detail: cut(result.detail) })),
          })),
        }),
    ...(found === undefined ? {} : { findings: found.map((one) => ({ ...one, evidence: cut(one.evidence) })) }),
  };
}

export function cleanStep({ notes, ...step }: Step, secrets: readonly string[]): Step {
  const [whole, cut] = [blotter(secrets), cleaner(secrets)];
  return {
    ...step,
    name: whole(step.name),
    detail: cut(step.detail),
    ...(notes === undefined || notes.length === 0 ? {} : { notes: notes.map(cut) }),
  };
}
