import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { plainSigns, speaksUnicode } from "../../src/cli/locale.ts";
import { findVerb } from "../../src/cli/parse.ts";
import { run } from "../../src/cli/run.ts";
import { verbs } from "../../src/cli/verbs.ts";
import { catalogue } from "../../src/lib/problem.ts";
import { within } from "../../src/lib/wait.ts";
import { envWith } from "../env.ts";
import { mcpctlCommandsIn } from "../shell-words.ts";

/** Everything that can go wrong, with every verb there is: a new one is tried by standing in the table. */
const home = mkdtempSync(join(tmpdir(), "mcpctl-bad-input-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** These run servers, or talk to others by sockets of their own: only their words are tried here. */
const elsewhere = new Set(["serve", "test mcp"]);
/** What these are refused has ended already, or is an answer like another. */
const unrefused = new Set(["logout", "search"]);
const designed = new Set([0, 2, ...Object.values(catalogue).map(({ exit }) => exit)]);
const mostExamples = 2;
const mostMs = 3_000;

const hostile = "\u001b[2Jevil\u001b]0;title\u0007\u202e";
const problem = (code: keyof typeof catalogue) => {
  const { status } = catalogue[code];
  return Response.json({ code, status, detail: `no ${hostile}`, hint: `mcpctl ${hostile}` }, { status });
};
const answers: Record<string, { answer: () => Response; code: number | undefined }> = {
  "an unreachable server": {
    answer: () => {
      throw Object.assign(new TypeError("unable to connect"), { code: "ECONNREFUSED" });
    },
    code: 8,
  },
  "an expired login": { answer: () => problem("unauthenticated"), code: 4 },
  "no right": { answer: () => problem("forbidden"), code: 5 },
  "an unknown name": { answer: () => problem("not_found"), code: 6 },
  "a web page": { answer: () => new Response("<h1>", { headers: { "content-type": "text/html" } }), code: undefined },
  "nothing at all": { answer: () => Response.json(null), code: undefined },
  "another shape": { answer: () => Response.json({ items: [7], steps: {}, servers: null }), code: undefined },
  "hostile names": {
    answer: () => {
      const one = {
        id: hostile,
        name: hostile,
        subject: hostile,
        url: hostile,
        description: hostile,
        status: { state: hostile },
      };
      return Response.json({ ...one, items: [one], bindings: [], lines: [hostile], results: [one] });
    },
    code: undefined,
  },
};

async function cli(words: readonly string[], answer: () => Response = () => Response.json({}), isTerminal = false) {
  const out: string[] = [];
  const err: string[] = [];
  let asked = 0;
  const env = envWith({
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    isTerminal,
    variables: { PATH: "/nonexistent", HOME: home },
    home: join(home, ".mcpctl"),
    readFile: async () => "kind: server\nname: files\nurl: http://127.0.0.1:9/mcp\n",
    readInput: async () => "kind: server\nname: files\nurl: http://127.0.0.1:9/mcp\n",
    ask: () => {
      throw new Error("somebody was asked, and nobody was there");
    },
    fetch: async () => {
      asked++;
      return answer();
    },
  });
  // A verb that would go on for ever is told by its name.
  const code = (await within(mostMs, run(words, env))) ?? -1;
  return { code, asked, isTerminal, err: err.join("\n"), said: [...out, ...err].join("\n") };
}

/** Every file below a folder, with when it was written. */
const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).map(
    (name) => `${name} ${statSync(join(folder, name)).mtimeMs}`,
  );

const cases = Object.entries(verbs).flatMap(([name, verb]) =>
  verb.examples
    .flatMap(mcpctlCommandsIn)
    // What waits until something runs does so here until its time is up.
    .filter((words) => findVerb(words).name === name && !words.includes("--wait"))
    .slice(0, mostExamples)
    .map((words) => ({ name, verb, words })),
);
const talking = cases.filter(({ name }) => !elsewhere.has(name));

type Said = Awaited<ReturnType<typeof cli>>;

/** What is wrong with what a line said, whatever became of it. */
function faults(words: readonly string[], { code, err, said, isTerminal }: Said): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  const steering = /[\u0007\u202e]|\u001b(?!\[\d+m)/;
  const found = [
    !designed.has(code) && `ends with ${code}`,
    // Programs get texts as they are.
    steering.test(isTerminal ? said : err) && "steers the terminal",
    /^\s+at .+:\d+|\bis not (a function|an object)\b|\[object Object\]/m.test(said) && `shows its inside: ${said}`,
    code === 2 && !/^(error: .+|\{"type".*\})$/m.test(err) && "does not say why",
  ];
  return found.flatMap((fault) => (fault === false ? [] : [`mcpctl ${words.join(" ")}: ${fault}`]));
}

const here = readdirSync(".");
beforeEach(() => {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home);
});

describe.each(Object.entries(answers))("%s", (_, { answer, code }) => {
  test.each([
    ["a terminal", true],
    ["a pipe", false],
  ] as const)(
    "on %s is told in words by each verb, with its exit code; nothing is written and nobody asked",
    async (_, isTerminal) => {
      const found: string[] = [];
      for (const { name, words } of talking) {
        const before = files(home);
        const said = await cli(words, answer, isTerminal);
        found.push(...faults(words, said));
        if (said.code !== 0 && !Bun.deepEquals(files(home), before)) found.push(`mcpctl ${words.join(" ")}: writes`);
        const isAsked = said.asked > 0 && code !== undefined && !unrefused.has(name);
        if (isAsked && said.code !== code) found.push(`mcpctl ${words.join(" ")}: ends with ${said.code}, not ${code}`);
      }
      expect(found).toEqual([]);
      expect(readdirSync(".")).toEqual(here);
    },
  );
});

test("most verbs have been talked to", async () => {
  const asked: string[] = [];
  for (const { name, words } of talking) if ((await cli(words)).asked > 0) asked.push(name);
  expect(new Set(asked).size).toBeGreaterThan(new Set(talking.map(({ name }) => name)).size / 2);
});

describe("what does not belong is refused by each verb before anything is asked", () => {
  test.each(cases.map((one) => [`mcpctl ${one.words.join(" ")}`, one] as const))("%s", async (_, { verb, words }) => {
    const end = words.indexOf("--");
    const insert = (...more: string[]) => (end < 0 ? [...words, ...more] : words.toSpliced(end, 0, ...more));
    const lines = [insert("--no-such-flag")];
    if (verb.most < 50) lines.push(insert(...Array.from({ length: verb.most + 1 }, (_, i) => `surplus${i}`)));
    if (verb.words.startsWith("KIND")) lines.push(words.map((word, i) => (i === 1 ? "sevrer" : word)));
    for (const line of lines) {
      const said = await cli(line);
      expect(faults(line, said)).toEqual([]);
      expect([line.join(" "), said.code, said.asked]).toEqual([line.join(" "), 2, 0]);
    }
  });

  test("without -p where one must be said, it is asked for", async () => {
    for (const { words } of talking.filter(({ words }) => words.includes("-p"))) {
      const at = words.indexOf("-p");
      const line = words.toSpliced(at, 2);
      expect(faults(line, await cli(line, () => problem("not_found")))).toEqual([]);
    }
    for (const line of ["token rotate x", "token revoke x", "describe mcptoken x", "create mcptoken x"]) {
      const { code, asked, err } = await cli(line.split(" "));
      expect([line, code, asked, err]).toEqual([
        line,
        2,
        0,
        expect.stringMatching(/^error: .*which[\s\S]*^hint: .*-p PROJECT/m),
      ]);
    }
  });
});

test("our own signs are ASCII where the locale is not UTF-8; the words of others stay", () => {
  for (const [variables, speaks] of [
    [{ LANG: "C" }, false],
    [{}, false],
    [{ LANG: "de_DE.ISO-8859-1" }, false],
    [{ LANG: "en_GB.UTF-8", LC_ALL: "C" }, false],
    [{ LANG: "C.utf8" }, true],
    [{ LC_CTYPE: "UTF-8", LANG: "C" }, true],
  ] as const)
    expect([variables, speaksUnicode("linux", variables)]).toEqual([variables, speaks]);
  expect(plainSigns("✓ passed → é…")).toBe("+ passed -> é...");
});
