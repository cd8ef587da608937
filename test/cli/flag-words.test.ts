import { expect, test } from "bun:test";
import { parseArgs } from "node:util";
import { flagWords } from "../../src/cli/flag-words.ts";
import type { Flags } from "../../src/cli/verb.ts";

const flags: Flags = {
  output: { type: "string", short: "o", description: "" },
  verbose: { type: "boolean", short: "v", description: "" },
  yes: { type: "boolean", short: "y", description: "" },
  set: { type: "string", short: "s", multiple: true, description: "" },
};
const parts = [
  "-o",
  "json",
  "-ojson",
  "-o=json",
  "--output",
  "--output=x",
  "--output=",
  "-v",
  "-vy",
  "-vojson",
  "-yvx",
];
const more = ["a", "-", "--verbose", "--verbose=1", "--set", "--set=1", "-s2", "--nope", "-x", "--output=a=b", "-vo"];
const words = [...parts, ...more, "--outp", "--=x", "", "-v-"];

test("flags are read as the platform reads them: every command line of up to three words", () => {
  for (const argv of words.flatMap((a) => words.flatMap((b) => [[a], [a, b], ...words.map((c) => [a, b, c])])))
    expect([argv, read(argv)]).toEqual([argv, asPlatform(argv)]);
});

function read(argv: string[]) {
  try {
    return flagWords(argv, flags, (reason) => new Error(reason));
  } catch {
    return "refused";
  }
}

function asPlatform(args: string[]) {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type, short = "", multiple = false }]) => [name, { type, short, multiple }]),
  );
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true, strict: true });
    return { values: { ...values }, positionals };
  } catch {
    return "refused";
  }
}
