import { findingOf, type Severity } from "../../client/validator/findings.ts";
import type { Report, Step } from "../../client/validator/report.ts";
import { requirements } from "../../client/validator/requirements.ts";
import type { Result } from "../../client/validator/suites.ts";
import { version } from "../../lib/version.ts";

type Level = "error" | "warning" | "note";
type Rule = {
  id: string;
  shortDescription: { text: string };
  fullDescription: { text: string };
  help: { text: string };
  defaultConfiguration: { level: Level };
  properties: Record<string, unknown>;
};

/** SARIF 2.1.0, as code scanning reads it: a rule for each row that was tried, a result for each that failed. */
export function sarif({ url, steps, suites = [], exitCode }: Report): string {
  const tried = suites.flatMap(({ results }) => results);
  const ids = [...new Set(tried.map(({ id }) => id))];
  const failedSteps = steps.filter(({ ok }) => !ok);
  const rules = [...ids.flatMap(ruleOf), ...failedSteps.map(({ name }) => stepRule(name))];
  const results = [
    ...tried.filter(({ outcome }) => outcome === "failed" || outcome === "warned").map((result) => resultOf(result)),
    ...failedSteps.map(stepResult),
  ];
  const index = new Map(rules.map(({ id }, at) => [id, at]));
  const run = {
    tool: {
      driver: { name: "mcpctl", version, informationUri: "https://modelcontextprotocol.io/", rules },
    },
    invocations: [{ executionSuccessful: exitCode !== 1, exitCode }],
    results: results.map((result) => ({
      ...result,
      ruleIndex: index.get(result.ruleId),
      locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(url) } } }],
    })),
  };
  const schema = "https://json.schemastore.org/sarif-2.1.0.json";
  return JSON.stringify({ $schema: schema, version: "2.1.0", runs: [run] }, null, 2);
}

const levels: Record<Severity, Level> = { critical: "error", high: "error", medium: "warning", low: "note" };
/** As GitHub sorts them. */
const scores: Record<Severity, string> = { critical: "9.5", high: "8.0", medium: "5.5", low: "2.5" };

function ruleOf(id: string): Rule[] {
  const finding = findingOf(id);
  if (finding !== undefined) {
    const { severity, title, explanation, remedy, reference } = finding;
    return [
      {
        id,
        shortDescription: { text: title },
        fullDescription: { text: explanation },
        help: { text: `${remedy}\n\n${reference}\n\nmcpctl explain finding ${id}` },
        defaultConfiguration: { level: levels[severity] },
        properties: { tags: ["security", "mcp"], "security-severity": scores[severity] },
      },
    ];
  }
  const requirement = requirements.find((one) => one.id === id);
  if (requirement === undefined) return [];
  const { text, source, sends, level } = requirement;
  return [
    {
      id,
      shortDescription: { text },
      fullDescription: { text: `${text}. ${source}` },
      help: { text: `Tried with ${sends}.` },
      defaultConfiguration: { level: level === "MUST" ? "error" : "warning" },
      properties: { tags: ["conformance", "mcp"] },
    },
  ];
}

const stepId = (name: string): string => `mcpctl/${(name.split(" ")[0] ?? name).replace(/[^a-z/-]/gi, "-")}`;

const stepRule = (name: string): Rule => ({
  id: stepId(name),
  shortDescription: { text: `The step ${name.split(" ")[0]} of mcpctl test mcp` },
  fullDescription: { text: "A server must let itself be reached, connected to and asked for what it offers." },
  help: { text: "mcpctl test mcp --help" },
  defaultConfiguration: { level: "error" },
  properties: { tags: ["mcp"] },
});

const stepResult = ({ name, detail }: Step) => ({
  ruleId: stepId(name),
  level: "error" as Level,
  message: { text: `${name}: ${detail}` },
});

function resultOf({ id, title, level, era, outcome, detail }: Result) {
  const severity = findingOf(id)?.severity;
  return {
    ruleId: id,
    level: severity === undefined ? (outcome === "warned" ? "warning" : "error") : levels[severity],
    message: { text: `${title}: ${detail}` },
    properties: { level, ...(era === undefined ? {} : { era }) },
  };
}

/** A location is a URI; the words of a program are made one. */
const uriOf = (url: string): string => (URL.canParse(url) ? url : `stdio:${encodeURIComponent(url)}`);
