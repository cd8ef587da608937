import { describe, expect, test } from "bun:test";
import { familyOf } from "../../src/cli/families.ts";
import { habits } from "../../src/cli/habits.ts";
import { overview, verbHelp } from "../../src/cli/help.ts";
import { flagsOfKind } from "../../src/cli/kind-flags.ts";
import { findVerb, parseWords } from "../../src/cli/parse.ts";
import { type Flag, globalFlags, kebab } from "../../src/cli/verb.ts";
import { verbs } from "../../src/cli/verbs.ts";
import { printable } from "../../src/lib/printable.ts";
import { Problem } from "../../src/lib/problem.ts";
import type { AnyKind } from "../../src/resources/define.ts";
import { kinds } from "../../src/resources/index.ts";
import { mcpctlCommandsIn, mistakeIn } from "../shell-words.ts";

const refusal = (argv: string[]): string => {
  try {
    const { name, verb, left } = findVerb(argv);
    if (verb === undefined) return "no verb";
    parseWords(name, verb, verb.flags ?? {}, left);
    return "accepted";
  } catch (error) {
    return error instanceof Problem ? error.message : String(error);
  }
};
const parsed = (...argv: string[]) => {
  const { name, verb, left } = findVerb(argv);
  if (verb === undefined) throw new Error("no verb");
  return { name, args: parseWords(name, verb, verb.flags ?? {}, left) };
};

test("global flags stand anywhere, also before the verb and between its two words", () => {
  for (const argv of [
    ["token", "create", "x", "-p", "demo"],
    ["-p", "demo", "token", "create", "x"],
    ["token", "--project=demo", "create", "x"],
  ]) {
    const { name, args } = parsed(...argv);
    expect([name, args.words, args.flag("project")]).toEqual(["token create", ["x"], "demo"]);
  }
});

test("a flag that may be repeated keeps all, any other the last; what follows -- is left alone", () => {
  expect(parsed("apply", "-f", "a", "-f", "b").args.flags("filename")).toEqual(["a", "b"]);
  expect(parsed("get", "servers", "-o", "json", "-o", "yaml").args.flag("output")).toBe("yaml");
  expect(parsed("create", "server", "x", "--", "node", "--flag", "-x").args.rest).toEqual(["node", "--flag", "-x"]);
});

test("camelCase names of fields are understood as flags", () => {
  const { verb, left } = findVerb(["create", "server", "x", "--packageName=semver", "--container-port", "1"]);
  if (verb === undefined) throw new Error("no verb");
  expect(parseWords("create", verb, flagsOfKind("server"), left).flag("package-name")).toBe("semver");
});

test("a flag for several is understood in the singular, where that is no flag of its own", () => {
  const { verb, left } = findVerb(["create", "rbac", "x", "--subject", "User:a@b.c", "--subject=Group:g"]);
  if (verb === undefined) throw new Error("no verb");
  expect(parseWords("create", verb, flagsOfKind("rbac"), left).flags("subjects")).toEqual(["User:a@b.c", "Group:g"]);
});

describe("what does not fit is told", () => {
  test.each([
    [["gett", "servers"], 'there is no verb "gett". Did you mean "get"?'],
    [["token", "crate", "x"], '"token" has no verb "crate". Did you mean "token create"?'],
    [["rollout", "restart", "x"], 'there is no "rollout" here.'],
    [["config", "use-context", "x"], 'there is no "config use-context" here.'],
    [["get", "servers", "-A"], "there is no flag -A: without -p it is of all projects"],
    [["get", "servers", "-n", "x"], "there is no flag -n: a project is said with -p NAME"],
    [["get"], "a word is missing: mcpctl get KIND[,KIND…]|all [NAME…]"],
    [["status", "now"], 'there are too many words: "now" was not expected'],
    [["get", "servers", "--dry-rn"], "there is no flag --dry-rn."],
    [["apply", "--dry-rn", "-f", "x"], 'there is no flag --dry-rn. Did you mean "--dry-run"?'],
    [["get", "servers", "-o"], "the flag -o needs a value"],
    [["apply", "--atomic=yes"], "the flag --atomic takes no value"],
    [["get", "servers", "--", "x"], "nothing is expected after --"],
  ] as [string[], string][])("%j", (argv, expected) => {
    expect(refusal(argv)).toContain(expected);
  });
});

test("verbs that begin alike are said in one line, so somebody wrote that line", () => {
  const names = new Set(Object.keys(verbs).flatMap((name) => name.split(" ").slice(0, -1).join(" ") || []));
  const without = [...names].map((name) => familyOf(name)).filter((family) => family?.isDescribed === false);
  expect(without.filter((family) => (family?.members.length ?? 0) > 1)).toEqual([]);
});

test("what is meant by a word of another program is a command here", async () => {
  for (const command of habits.values())
    for (const words of mcpctlCommandsIn(command)) expect([words, await mistakeIn(words)]).toEqual([words, undefined]);
  for (const words of habits.keys()) expect([words, Object.hasOwn(verbs, words)]).toEqual([words, false]);
});

test("the overview names each verb once, with words of its own", () => {
  const rows = overview()
    .split("\n")
    .filter((line) => /^ {2}\S/.test(line))
    .map((line) => line.trim());
  const about = (name: string) =>
    rows.filter((row) => row.startsWith(`${name} `)).map((row) => row.replace(/^.* {3}/, ""));
  expect(about("config [CLIENT]")).toEqual(["Set a client up for a project"]);
  expect(about("config  ")).toEqual([
    "What this command line remembers, and where it lies: view, get, set, unset, path",
  ]);
  expect(about("backup  ")).toEqual(["Write all of the instance into one encrypted file"]);
  expect(about("backup git")).toEqual([
    "Keep every change in a git repository: enable, disable, status, sync, log, restore",
  ]);
});

test("help leaves out the flags for every verb that mean nothing to this one", async () => {
  const { verb } = findVerb(["serve"]);
  if (verb === undefined) throw new Error("no verb");
  expect(verb.ignores).toContain("project");
  expect(await verbHelp("serve", verb, verb.flags ?? {})).not.toContain("--project");
});

test("every verb has an example, and the parser accepts each", async () => {
  for (const [name, { examples }] of Object.entries(verbs)) {
    const commands = examples.flatMap(mcpctlCommandsIn);
    for (const words of commands) expect([words, await mistakeIn(words)]).toEqual([words, undefined]);
    expect([name, commands.some((words) => findVerb(words).name === name)]).toEqual([name, true]);
  }
});

test("every kind that can be created has a flag for each field that may be written, with a description", () => {
  for (const kind of (kinds as readonly AnyKind[]).filter(({ verbs: can }) => can.includes("create"))) {
    const flags = flagsOfKind(kind.kind);
    for (const [field, schema] of Object.entries(kind.fields.properties as Record<string, { default?: unknown }>)) {
      const unwritten = ["command", "password", ...(kind.readOnly ?? [])].includes(field);
      // What is so without a word has a flag that says no.
      const flag = flags[kind.flagNames?.[field] ?? `${schema.default === true ? "no-" : ""}${kebab(field)}`];
      expect([`${kind.kind}.${field}`, flag !== undefined]).toEqual([`${kind.kind}.${field}`, !unwritten]);
      if (flag !== undefined) expect(flag.description.length).toBeGreaterThan(5);
    }
    const shorts = Object.values<Flag>({ ...globalFlags, ...flags }).flatMap(({ short }) => short ?? []);
    expect(new Set(shorts).size).toBe(shorts.length);
  }
});

test("text of servers cannot steer a terminal", () => {
  const hostile = "\u001b]0;title\u0007\u001b[2Jname\u0000\u202Eevil\u200b\r";
  expect(printable(hostile)).toMatch(/^[\ufffd\]0;title[2Jnamevil]+$/);
  expect(printable("a\nb\tc")).toBe("a b c");
  expect(printable("a\nb", true)).toBe("a\nb");
  expect(printable("ünïcode 漢字 🙂")).toBe("ünïcode 漢字 🙂");
});
