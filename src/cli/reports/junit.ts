import type { Report, Step } from "../../client/validator/report.ts";
import type { Result } from "../../client/validator/suites.ts";

/** JUnit's XML, as CI servers read it: a suite for the steps, and one for each of ours. Deciding nothing, escaping everything. */
export function junit({ url, steps, suites = [], tookMs }: Report): string {
  const all = [
    suiteOf("steps", steps.map(stepCase)),
    ...suites.map(({ suite, results }) => suiteOf(suite, results.map(resultCase))),
  ];
  const sum = (count: (suite: Suite) => number) => all.reduce((total, suite) => total + count(suite), 0);
  const attributes = [
    attribute("name", `mcpctl test mcp ${url}`),
    attribute(
      "tests",
      sum(({ cases }) => cases.length),
    ),
    attribute("failures", sum(failures)),
    attribute("skipped", sum(skipped)),
    attribute("time", seconds(tookMs)),
  ];
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites ${attributes.join(" ")}>`];
  for (const suite of all) lines.push(...suiteLines(suite));
  return [...lines, "</testsuites>"].join("\n");
}

type Case = { name: string; ms: number; outcome: "ok" | "failed" | "skipped"; detail: string; kind: string };
type Suite = { name: string; cases: Case[] };

const suiteOf = (name: string, cases: Case[]): Suite => ({ name, cases });
const failures = ({ cases }: Suite): number => cases.filter(({ outcome }) => outcome === "failed").length;
const skipped = ({ cases }: Suite): number => cases.filter(({ outcome }) => outcome === "skipped").length;

const stepCase = ({ name, ok, ms, detail, failure = "contract" }: Step): Case => ({
  name,
  ms,
  outcome: ok ? "ok" : "failed",
  detail,
  kind: failure,
});

/** What was only recommended is no failure: it is a case that passed, and says what it saw. */
const resultCase = ({ id, title, level, era, outcome, detail, ms }: Result): Case => ({
  name: `${id}${era === undefined ? "" : ` (${era})`} ${title}`,
  ms,
  outcome: outcome === "warned" ? "ok" : outcome,
  detail,
  kind: level,
});

function suiteLines(suite: Suite): string[] {
  const { name, cases } = suite;
  const time = cases.reduce((sum, { ms }) => sum + ms, 0);
  const counts = [
    attribute("tests", cases.length),
    attribute("failures", failures(suite)),
    attribute("skipped", skipped(suite)),
  ];
  return [
    `  <testsuite ${attribute("name", name)} ${counts.join(" ")} ${attribute("time", seconds(time))}>`,
    ...cases.flatMap((one) => caseLines(name, one)),
    "  </testsuite>",
  ];
}

function caseLines(suite: string, { name, ms, outcome, detail, kind }: Case): string[] {
  const head = `    <testcase ${attribute("classname", `mcpctl.${suite}`)} ${attribute("name", name)} ${attribute("time", seconds(ms))}`;
  if (outcome === "failed")
    return [
      `${head}>`,
      `      <failure ${attribute("type", kind)} ${attribute("message", detail.slice(0, 200))}>${escaped(detail)}</failure>`,
      "    </testcase>",
    ];
  if (outcome === "skipped") return [`${head}>`, `      <skipped ${attribute("message", detail)}/>`, "    </testcase>"];
  if (detail === "") return [`${head}/>`];
  return [`${head}>`, `      <system-out>${escaped(detail)}</system-out>`, "    </testcase>"];
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);
const attribute = (name: string, value: string | number): string => `${name}="${escaped(String(value))}"`;

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

/** XML 1.0 has no way at all to write control characters, halves of pairs and U+FFFE: what servers say may hold them. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\uFFFE\uFFFF]/gu, (character) => (/[\n\t]/.test(character) ? " " : "\ufffd"))
    .replace(/[&<>"']/g, (character) => entities[character] ?? "");
