import { familyOf } from "../../src/cli/families.ts";
import { type Flags, globalFlags, groups, type Verb, valueShown } from "../../src/cli/verb.ts";
import { verbs } from "../../src/cli/verbs.ts";
import { kinds } from "../../src/resources/index.ts";
import { code, fenced, madeFrom, page, table } from "./markdown.ts";

/** `docs/reference/cli.md` */
export const cliPage = async (): Promise<string> =>
  page(
    madeFrom("src/cli/verbs").trimEnd(),
    "# Command line",
    "`mcpctl VERB [KIND] [NAME] [flags]`. Flags stand anywhere. `mcpctl VERB --help` tells the same as this page; what each exit code means stands in [config.md](config.md#exit-codes).",
    Object.entries(groups).flatMap(([group, title]) => {
      const rows = Object.entries(verbs).filter(([, verb]) => verb.group === group);
      return rows.length === 0
        ? []
        : [
            `**${title}**`,
            rows
              .map(([name, { summary }]) => `- [${name}](#mcpctl-${name.replaceAll(" ", "-")}): ${summary}`)
              .join("\n"),
          ];
    }),
    "## Flags for every verb",
    flagTable(globalFlags),
    await sections(),
  );

async function sections(): Promise<string[]> {
  const all: string[] = [];
  for (const [name, verb] of Object.entries(verbs)) all.push(...(await sectionOf(name, verb)));
  return all;
}

async function sectionOf(name: string, verb: Verb): Promise<string[]> {
  const { summary, words, examples } = verb;
  const flags = flagTable({ ...verb.flags, ...(await ownFlags(verb)) });
  const members = familyOf(name)?.members.map(([member]) => code(`mcpctl ${member}`)) ?? [];
  return [
    `## mcpctl ${name}`,
    `${summary}.`,
    fenced("", `mcpctl ${name} ${words}`),
    flags,
    members.length === 0 ? "" : `There are also ${members.join(", ")}.`,
    fenced("sh", examples.join("\n")),
    ...(await sectionsByKind(name, verb)),
  ];
}

const dependsOnKind = ({ words, flagsFor }: Verb) => flagsFor !== undefined && words.startsWith("KIND");
const ownFlags = async (verb: Verb): Promise<Flags> =>
  verb.flagsFor === undefined || dependsOnKind(verb) ? {} : await verb.flagsFor(undefined);

/** The flags of each kind, where the kind decides. */
async function sectionsByKind(name: string, verb: Verb): Promise<string[]> {
  if (!dependsOnKind(verb)) return [];
  const found = kinds.map(async ({ kind }) => {
    const flags = await verb.flagsFor?.(kind).catch(() => undefined);
    return flags === undefined ? [] : [`### mcpctl ${name} ${kind}`, flagTable(flags)];
  });
  return (await Promise.all(found)).flat();
}

const flagTable = (flags: Flags): string =>
  table(
    ["flag", "what it does"],
    Object.entries(flags)
      .filter(([, { hidden }]) => hidden !== true)
      .map(([name, flag]) => [
        code(`${flag.short === undefined ? "" : `-${flag.short}, `}--${name}${valueShown(flag)}`),
        flag.multiple === true ? `${flag.description} (may be repeated)` : flag.description,
      ]),
  );
