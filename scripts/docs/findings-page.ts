import { findings } from "../../src/client/validator/findings.ts";
import { requirements } from "../../src/client/validator/requirements.ts";
import { probes } from "../../src/client/validator/suites.ts";
import { madeFrom, page } from "./markdown.ts";

/** `docs/reference/findings.md` */
export const findingsPage = (): string =>
  page(
    madeFrom("src/client/validator").trimEnd(),
    "# Findings",
    "What `mcpctl test mcp URL --suite security` and `--suite conformance` may find; `mcpctl explain finding ID` tells the same. Only try a server that you may test.",
    "## Security",
    findings.flatMap(({ id, severity, title, explanation, remedy, reference }) => [
      `### ${id}`,
      `**${title}** (${severity}). ${explanation}`,
      [
        `- Remedy: ${remedy}`,
        ...probes.filter((probe) => probe.id === id).map(({ sends }) => `- Tried with: ${sends}`),
        `- See: ${reference}`,
      ].join("\n"),
    ]),
    "## Conformance",
    requirements.flatMap(({ id, level, text, eras, sends, source }) => [
      `### ${id}`,
      `**${text}** (${level}; ${eras.join(", ")})`,
      `- Tried with: ${sends}\n- See: ${source}`,
    ]),
  );
