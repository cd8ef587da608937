import { catalogue } from "../lib/problem.ts";
import type { Screen } from "./environment.ts";
import { type Family, familyOf, lastWords } from "./families.ts";
import { kindNames } from "./kind-names.ts";
import { type Flags, globalFlags, groups, type Verb, valueShown } from "./verb.ts";
import { verbs } from "./verbs.ts";
import { columns, fitted, wrappedCommand } from "./wrap.ts";

const firstSteps: [string, string][] = [
  ["mcpctl serve", "Run an instance; a second terminal is logged in already"],
  ["mcpctl apply -f FILE", "Make servers, and a project of them, from a manifest"],
  ["mcpctl status", "See what runs, and what does not and why"],
  ["mcpctl token create", "Let a client or a model use a project's tools"],
];

/** The whole program on one screen: verbs that begin alike are one line. */
export function overview(screen?: Screen): string {
  const titles = Object.entries(groups) as [Verb["group"], string][];
  const sections = titles.flatMap(([group, title]) => {
    const rows = rowsOf(group);
    return rows.length === 0 ? [] : [`${title}:\n${columns(rows, screen)}`, ""];
  });
  const byCode = Object.entries(catalogue).toSorted(([, one], [, other]) => one.exit - other.exit);
  const exits = byCode.map(([code, { exit }]) => `${exit} ${code}`);
  const lines = [
    "mcpctl: kubectl for MCP servers",
    "",
    "Usage: mcpctl VERB [KIND] [NAME] [flags]",
    "",
    `First steps:\n${columns(firstSteps, screen)}`,
    "",
    ...sections,
    ...[
      `Kinds: ${kindNames.join(", ")} (singular or plural)`,
      `Exit codes: 0 done, ${exits.join(", ")}, 130 interrupted`,
      "",
      "mcpctl VERB --help tells more, with examples; mcpctl --version tells the version.",
    ].map((line) => fitted(line, screen)),
  ];
  return lines.join("\n");
}

function rowsOf(group: Verb["group"]): string[][] {
  const rows = new Map<string, string[]>();
  for (const [name, verb] of Object.entries(verbs)) {
    if (verb.group !== group) continue;
    const family = familyOf(name.split(" ").slice(0, -1).join(" "));
    const kin = family?.members.filter(([, member]) => member.group === group) ?? [];
    // What is a verb of its own here and begins others too is told from them by its words, and they stand beside it.
    if (family === undefined || kin.length === 1 || verbs[family.name]?.group === group)
      rows.set(name, [familyOf(name) === undefined ? name : `${name} ${verb.words}`.trim(), firstClause(verb.summary)]);
    else
      rows.set(family.name, [family.name, `${family.summary}: ${lastWords({ ...family, members: kin }).join(", ")}`]);
  }
  return [...rows.values()];
}

const firstClause = (summary: string): string => summary.split(/[;:] /, 1)[0] ?? summary;

/** Help of the first words of several verbs, such as `token`. */
export function familyHelp(name: string, screen?: Screen): string {
  const family = familyOf(name);
  if (family === undefined) return overview(screen);
  return [
    fitted(family.summary, screen),
    "",
    `Usage: mcpctl ${name} VERB`,
    "",
    "Verbs:",
    membersOf(family, screen),
    "",
    fitted(`mcpctl ${name} VERB --help tells more, with examples.`, screen),
  ].join("\n");
}

const membersOf = (family: Family, screen: Screen | undefined): string =>
  columns(
    family.members.map(([verb, { summary }], at) => [lastWords(family)[at] ?? verb, summary]),
    screen,
  );

/** Help of one verb; `create KIND` is helped with that kind and no other. */
export async function verbHelp(name: string, general: Verb, flags: Flags, word = "", screen?: Screen): Promise<string> {
  const verb = name === "create" && word !== "" ? await aboutKind(general, word) : general;
  const lines = [fitted(verb.summary, screen), "", `Usage: mcpctl ${name} ${verb.words}`.trimEnd(), ""];
  if (Object.keys(flags).length > 0) lines.push("Flags:", flagTable(flags, screen), "");
  const family = familyOf(name);
  if (family !== undefined) lines.push(`Verbs that begin with ${name}:`, membersOf(family, screen), "");
  const without = new Set<string>([...Object.keys(flags), ...(verb.ignores ?? [])]);
  const everywhere = Object.fromEntries(Object.entries(globalFlags).filter(([flag]) => !without.has(flag)));
  const examples = verb.examples.map((example) => wrappedCommand(example, screen, "  "));
  lines.push("Everywhere:", flagTable(everywhere, screen), "", "Examples:", ...examples);
  return lines.join("\n");
}

/** The registry of kinds is loaded for nothing else that help tells. */
async function aboutKind(verb: Verb, word: string): Promise<Verb> {
  const [{ findKind }, { aKind }] = await Promise.all([
    import("../resources/index.ts"),
    import("../resources/define.ts"),
  ]);
  const found = findKind(word);
  if (found === undefined) return verb;
  const { kind, description } = found;
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
      .map(([name, flag]) => {
        const { short, multiple, description } = flag;
        const spelling = `${short === undefined ? "    " : `-${short}, `}--${name}${valueShown(flag)}`;
        return [spelling, multiple === true ? `${description} (may be repeated)` : description];
      }),
    screen,
  );
