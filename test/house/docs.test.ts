import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generated } from "../../scripts/docs/generated.ts";
import { shippedTemplates } from "../../src/resources/templates/shipped.ts";
import { mcpctlCommandsIn, mistakeIn } from "../shell-words.ts";

const pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...new Bun.Glob("docs/**/*.md").scanSync()].toSorted();
const textOf = (page: string) => readFileSync(page, "utf8");

describe("what is made of the tables is what it would be now (if not: bun scripts/docs.ts)", () => {
  test.each(Object.keys(generated))("%s", async (path) => {
    expect(textOf(path) === (await generated[path]?.()) ? "fresh" : "stale: bun scripts/docs.ts").toBe("fresh");
  });
});

test("the pages count the shipped templates as many as there are", () => {
  const told = [
    ["README.md", /(\d+) well-known servers/],
    ["docs/templates.md", /(\d+) are in mcpctl/],
    ["CHANGELOG.md", /(\d+) of them in mcpctl/],
  ] as const;
  expect(told.map(([page, count]) => [page, Number(count.exec(textOf(page))?.[1])])).toEqual(
    told.map(([page]) => [page, shippedTemplates.length]),
  );
});

test("every variable that the program knows is told of", async () => {
  const ours: string[] = [];
  for await (const file of new Bun.Glob("src/{cli,client,server,secrets}/**/*.ts").scan())
    ours.push(...[...(await Bun.file(file).text()).matchAll(/\bMCPCTL_[A-Z_]+\b/g)].map(([name]) => name));
  const told = textOf("docs/reference/config.md");
  expect([...new Set(ours)].filter((name) => !told.includes(`\`${name}\``))).toEqual([]);
});

test.skipIf(Bun.which("mandoc") === null)("the manual page is one that mandoc finds nothing wrong with", () => {
  const { stdout, exitCode } = Bun.spawnSync(["mandoc", "-Tlint", "-Werror", "src/cli/manual/mcpctl.1"]);
  expect([stdout.toString(), exitCode]).toEqual(["", 0]);
});

/** The text without its code, in which a bracket is only a bracket. */
const withoutCode = (text: string) => text.replace(/^ *```.*?^ *```$/gms, "").replace(/`[^`\n]*`/g, "");

/** The anchor of a heading, as the sites that show Markdown make it. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
const anchorsOf = (text: string) =>
  [...text.replace(/^ *```.*?^ *```$/gms, "").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));

/** Links of a page that lead nowhere. */
function brokenLinks(page: string, text: string): string[] {
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : join(dirname(page), path);
    if (!existsSync(target)) return true;
    return anchor !== undefined && !anchorsOf(target === page ? text : textOf(target)).includes(anchor);
  });
}

test("every link of every page leads somewhere", () => {
  expect(pages.flatMap((page) => brokenLinks(page, textOf(page)).map((link) => `${page}: ${link}`))).toEqual([]);
  expect(brokenLinks("README.md", "[a](docs/none.md) [b](#none) [c](LICENSE) [d](#here)\n# Here")).toEqual([
    "docs/none.md",
    "#none",
  ]);
});

/** What the command line says against the commands that a page tells people to type. */
async function mistakesIn(text: string): Promise<string[]> {
  const blocks = [...text.matchAll(/^( *)```(?:sh|bash|console)\n(.*?)^\1```$/gms)].map(([, , block = ""]) => block);
  const commands = blocks.flatMap((block) => mcpctlCommandsIn(block.replace(/^\$ /gm, "")));
  const told = await Promise.all(
    commands.map(async (words) => [`mcpctl ${words.join(" ")}`, await mistakeIn(words)] as const),
  );
  return told.flatMap(([command, mistake]) => (mistake === undefined ? [] : [`${command}: ${mistake}`]));
}

test.each(pages)("every command that %s tells people to type is one", async (page) => {
  expect(await mistakesIn(textOf(page))).toEqual([]);
});

test("a command that is none is seen, however it is wrapped up", async () => {
  const told = await mistakesIn(
    "```sh\nA=$(mcpctl gett x) && mcpctl get \\\n  servers --outptu x # mcpctl none\n```\n",
  );
  expect(told).toEqual([
    'mcpctl gett x: there is no verb "gett". Did you mean "get"?',
    'mcpctl get servers --outptu x: there is no flag --outptu. Did you mean "--output"?',
  ]);
});
