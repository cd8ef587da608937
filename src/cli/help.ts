import { catalogue } from "../lib/problem.ts";
import { kinds } from "../resources/index.ts";
import { type Flags, globalFlags, type Verb } from "./verb.ts";
import { verbs } from "./verbs.ts";

/** The whole program on one screen. */
export function overview(): string {
  const groups = ["Resources", "Servers", "Access", "Here"] as const;
  const sections = groups.map((group) => {
    const rows = Object.entries(verbs).filter(([, verb]) => verb.group === group);
    return `${group}:\n${columns(rows.map(([name, { summary }]) => [name, summary]))}`;
  });
  const exits = Object.entries(catalogue).map(([code, { exit }]) => `${exit} ${code}`);
  return [
    "mcpctl: kubectl for MCP servers",
    "",
    "Usage: mcpctl VERB [KIND] [NAME] [flags]",
    "",
    ...sections.flatMap((section) => [section, ""]),
    `Kinds: ${kinds.map(({ kind }) => kind).join(", ")} (singular or plural)`,
    `Exit codes: 0 done, ${exits.join(", ")}, 130 interrupted`,
    "",
    "mcpctl VERB --help tells more, with examples; mcpctl --version tells the version.",
  ].join("\n");
}

export function verbHelp(name: string, verb: Verb, flags: Flags): string {
  const lines = [verb.summary, "", `Usage: mcpctl ${name} ${verb.words}`.trimEnd(), ""];
  if (Object.keys(flags).length > 0) lines.push("Flags:", flagTable(flags), "");
  const everywhere = Object.fromEntries(Object.entries(globalFlags).filter(([flag]) => !(flag in flags)));
  lines.push("Everywhere:", flagTable(everywhere), "", "Examples:", ...verb.examples.map((example) => `  ${example}`));
  return lines.join("\n");
}

const flagTable = (flags: Flags): string =>
  columns(
    Object.entries(flags).map(([name, { short, hint, multiple, description }]) => {
      const spelling = `${short === undefined ? "    " : `-${short}, `}--${name}${hint === undefined ? "" : ` ${hint}`}`;
      return [spelling, multiple === true ? `${description} (may be repeated)` : description];
    }),
  );

function columns(rows: readonly (readonly [string, string])[] | string[][]): string {
  const width = Math.max(...rows.map(([left = ""]) => left.length));
  return rows.map(([left = "", right = ""]) => `  ${left.padEnd(width)}   ${right}`).join("\n");
}
