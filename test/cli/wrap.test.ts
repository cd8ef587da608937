import { afterAll, beforeAll, expect, test } from "bun:test";
import { verbs } from "../../src/cli/verbs.ts";
import { fitted } from "../../src/cli/wrap.ts";
import { kinds } from "../../src/resources/index.ts";
import { type World, world } from "../world.ts";

const screen = { columns: 80, rows: 24 };
let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

/** A word that is longer than a line is left whole, with its flag: a terminal breaks it, and it can still be copied. */
const tooLong = (text: string) =>
  text.split("\n").filter((line) => Bun.stringWidth(line) > 80 && !/^ *(--[a-z-]+ )?\S+$/.test(line));
const squeezed = (text: string) =>
  text
    .replaceAll(/ \\\n */g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();

const pages = [
  ["--help"],
  ...Object.keys(verbs).map((verb) => [...verb.split(" "), "--help"]),
  ...kinds.filter(({ verbs: its }) => its.includes("create")).map(({ kind }) => ["create", kind, "--help"]),
];
test.each(pages.map((words) => [words.join(" "), words] as const))(
  "mcpctl %s fits on 80 columns, and says the same",
  async (_, words) => {
    const whole = (await w.cli(words)).out;
    const shown = (await w.cli(words, { terminal: true, screen })).out;
    expect(tooLong(shown)).toEqual([]);
    expect(squeezed(shown)).toBe(squeezed(whole));
  },
);

test("describe breaks between words; a program gets whole lines", async () => {
  const description =
    "Finds what was written down long ago and forgotten since, in words that nobody would think of today";
  await w.must("POST", "/api/v1/servers", { name: "wiki", url: "http://127.0.0.1:9/mcp", description });
  await w.until("it failed", async () => (await w.must("GET", "/api/v1/servers/wiki")).status.state === "ERROR");
  const shown = (await w.cli(["describe", "server", "wiki"], { terminal: true, screen })).out;
  expect(tooLong(shown)).toEqual([]);
  expect(squeezed(shown)).toContain(description);
  expect((await w.cli(["describe", "server", "wiki"])).out).toContain(description);
});

test("what goes on stands under where it began", () => {
  const narrow = { columns: 30, rows: 24 };
  expect(fitted("  State:      ERROR: it cannot be reached", narrow).split("\n")).toEqual([
    "  State:      ERROR: it cannot",
    "              be reached",
  ]);
  expect(fitted("Kinds: server, template, project", narrow).split("\n")).toEqual([
    "Kinds: server, template,",
    "       project",
  ]);
  expect(fitted("  | a line of its own that is long", narrow).split("\n")).toEqual([
    "  | a line of its own that is",
    "  | long",
  ]);
  expect(fitted("  description: a thing that is explained", narrow).split("\n")).toEqual([
    "  description: a thing that",
    "    is explained",
  ]);
  expect(fitted("as it is, however long that may be", undefined)).toBe("as it is, however long that may be");
});
