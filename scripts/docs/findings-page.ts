import { findings } from "../../src/client/validator/findings.ts";
import { requirements } from "../../src/client/validator/requirements.ts";
import { probes } from "../../src/client/validator/suites.ts";
import { madeFrom, page, table } from "./markdown.ts";

const sendsOf = (id: string): string => probes.find((probe) => probe.id === id)?.sends ?? "";

/** `docs/reference/findings.md` */
export const findingsPage = (): string =>
  page(
    madeFrom("src/client/validator").trimEnd(),
    "# What `mcpctl test mcp` finds",
    "`mcpctl explain finding ID` tells the same in a terminal; [validator.md](../validator.md) tells how the suites are run.",
    "## Findings of `--suite security`",
    table(
      ["id", "severity", "what"],
      findings.map(({ id, severity, title }) => [`[${id}](#${id.toLowerCase()})`, severity, title]),
    ),
    findings.flatMap(({ id, severity, title, explanation, remedy, reference }) => [
      `### ${id}`,
      `**${title}** (${severity})`,
      explanation,
      `*Remedy.* ${remedy}`,
      `*Tried with* ${sendsOf(id)}. *See* ${reference}.`,
    ]),
    "## Requirements of `--suite conformance`",
    "A MUST that is not kept is a contract failure (exit 2); a SHOULD is told and changes nothing.",
    table(
      ["id", "level", "eras", "what", "tried with", "source"],
      requirements.map(({ id, level, eras, text, sends, source }) => [id, level, eras.join(", "), text, sends, source]),
    ),
  );
