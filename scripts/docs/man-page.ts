import { kindNames } from "../../src/cli/kind-names.ts";
import { type Flags, globalFlags, groups, type Verb, valueShown } from "../../src/cli/verb.ts";
import { verbs } from "../../src/cli/verbs.ts";
import { wrapped } from "../../src/cli/wrap.ts";
import { catalogue } from "../../src/lib/problem.ts";
import { version } from "../../src/lib/version.ts";
import { files, variables } from "./variables.ts";

/** `src/cli/manual/mcpctl.1`: the manual page, in the macros of man(7). */
export const manPage = (): string =>
  `${[
    '.\\" Made by `bun scripts/docs.ts`: mend what it is made of.',
    `.TH MCPCTL 1 "" "mcpctl ${version}" "User Commands"`,
    ...section("NAME", [String.raw`mcpctl \- kubectl for MCP servers`]),
    ...section("SYNOPSIS", [".B mcpctl", ".I VERB", "[\\fIKIND\\fR] [\\fINAME\\fR] [\\fIflags\\fR]"]),
    ...section("DESCRIPTION", [
      prose(
        "One executable that gives models, agents and scripts the tools of many MCP servers: one endpoint for each project, tokens that can be revoked, rights that cannot be exceeded. mcpctl serve runs an instance; all other verbs talk to one, here or elsewhere.",
      ),
      ".PP",
      prose(`Kinds, by their singular or plural: ${kindNames.join(", ")}.`),
    ]),
    ...section("VERBS", Object.entries(groups).flatMap(groupOf)),
    ...section("FLAGS FOR EVERY VERB", flagList(globalFlags)),
    ...section("ENVIRONMENT", described(variables)),
    ...section("FILES", described(files)),
    ...section(
      "EXIT STATUS",
      described({
        0: "Done",
        ...Object.fromEntries(Object.values(catalogue).map(({ exit, title }) => [exit, title])),
        130: "Interrupted",
      }),
    ),
  ].join("\n")}\n`;

const section = (title: string, lines: readonly string[]): string[] => [`.SH ${title}`, ...lines];

function groupOf([group, title]: [string, string]): string[] {
  const rows = Object.entries(verbs).filter(([, verb]) => verb.group === group);
  return rows.length === 0 ? [] : [`.SS ${text(title)}`, ...rows.flatMap(verbOf)];
}

function verbOf([name, { summary, words, flags = {}, flagsFor, examples }]: [string, Verb]): string[] {
  const asked = words.startsWith("KIND") ? `${name} KIND` : name;
  return [
    ".TP",
    `.B mcpctl ${text(name)}${words === "" ? "" : ` \\fR${text(words)}`}`,
    prose(`${summary}.${flagsFor === undefined ? "" : ` mcpctl ${asked} --help lists the flags.`}`),
    ".RS",
    ...flagList(flags),
    ".PP",
    ".EX",
    ...examples.slice(0, 2).map(text),
    ".EE",
    ".RE",
  ];
}

const flagList = (flags: Flags): string[] =>
  Object.entries(flags)
    .filter(([, { hidden }]) => hidden !== true)
    .flatMap(([name, flag]) => [
      ".TP",
      `.B ${text(`${flag.short === undefined ? "" : `-${flag.short}, `}--${name}`)}${valueShown(flag, (hint) => `\\fI${text(hint)}\\fR`)}`,
      prose(`${flag.description}.`),
    ]);

const described = (rows: Readonly<Record<string, string>>): string[] =>
  Object.entries(rows).flatMap(([name, about]) => [".TP", `.B ${text(name)}`, prose(`${about}.`)]);

/** Sentences, in lines that can be read where they are written. */
const prose = (plain: string): string => wrapped(plain, 76).map(text).join("\n");

/** Text as roff takes it for nothing but text: in ASCII, with dashes that can be copied. */
function text(plain: string): string {
  const escaped = plain.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "...");
  return escaped.replace(/^(?=[.'])/, "\\&");
}
