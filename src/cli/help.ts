import { catalogue } from "../lib/problem.ts";
import { type AnyKind, aKind } from "../resources/define.ts";
import { findKind, kinds } from "../resources/index.ts";
import type { Screen } from "./environment.ts";
import { type Flags, globalFlags, type Verb } from "./verb.ts";
import { verbs } from "./verbs.ts";
import { columns, fitted, wrappedCommand } from "./wrap.ts";

/** The whole program on one screen. */
export function overview(screen?: Screen): string {
  const groups = ["Resources", "Servers", "Access", "Here"] as const;
  const sections = groups.map((group) => {
    const rows = Object.entries(verbs).filter(([, verb]) => verb.group === group);
    return `${group}:\n${columns(
      rows.map(([name, { summary }]) => [name, summary]),
      screen,
    )}`;
  });
  const exits = Object.entries(catalogue).map(([code, { exit }]) => `${exit} ${code}`);
  const lines = [
    "mcpctl: kubectl for MCP servers",
    "",
    "Usage: mcpctl VERB [KIND] [NAME] [flags]",
    "",
    ...sections.flatMap((section) => [section, ""]),
    ...[
      `Kinds: ${kinds.map(({ kind }) => kind).join(", ")} (singular or plural)`,
      `Exit codes: 0 done, ${exits.join(", ")}, 130 interrupted`,
      "",
      "mcpctl VERB --help tells more, with examples; mcpctl --version tells the version.",
    ].map((line) => fitted(line, screen)),
  ];
  return lines.join("\n");
}

/** Help of one verb; `create KIND` is helped with that kind and no other. */
export function verbHelp(name: string, general: Verb, flags: Flags, word = "", screen?: Screen): string {
  const kind = name === "create" ? findKind(word) : undefined;
  const verb = kind === undefined ? general : aboutKind(general, kind);
  const lines = [fitted(verb.summary, screen), "", `Usage: mcpctl ${name} ${verb.words}`.trimEnd(), ""];
  if (Object.keys(flags).length > 0) lines.push("Flags:", flagTable(flags, screen), "");
  const everywhere = Object.fromEntries(Object.entries(globalFlags).filter(([flag]) => !(flag in flags)));
  const examples = verb.examples.map((example) => wrappedCommand(example, screen, "  "));
  lines.push("Everywhere:", flagTable(everywhere, screen), "", "Examples:", ...examples);
  return lines.join("\n");
}

function aboutKind(verb: Verb, { kind, description }: AnyKind): Verb {
  return {
    ...verb,
    summary: `Create ${aKind({ kind })}: ${description.charAt(0).toLowerCase()}${description.slice(1)}`,
    words: verb.words.replace("KIND", kind).replace(kind === "server" ? "" : " [-- COMMAND…]", ""),
    examples: verb.examples.filter((example) => example.startsWith(`mcpctl create ${kind} `)),
  };
}

const flagTable = (flags: Flags, screen: Screen | undefined): string =>
  columns(
    Object.entries(flags)
      .filter(([, { hidden }]) => hidden !== true)
      .map(([name, { short, hint, alone, multiple, description }]) => {
        const value = hint === undefined ? "" : alone === undefined ? ` ${hint}` : `[=${hint}]`;
        const spelling = `${short === undefined ? "    " : `-${short}, `}--${name}${value}`;
        return [spelling, multiple === true ? `${description} (may be repeated)` : description];
      }),
    screen,
  );
