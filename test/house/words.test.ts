import { expect, test } from "bun:test";
import { kinds, wordsOf } from "../../src/resources/index.ts";

/** A word of power and the only places it may stand (design §2, reference/style.md §5.6). */
const homes: [word: RegExp, only: RegExp][] = [
  [/from "elysia"/, /^src\/server\//],
  // The package as a whole is loaded by whoever asks it for `Type`.
  [/\{[^}]*\bType\b[^}]*\} from "@sinclair\/typebox"/, /^$/],
  [/"bun:sqlite"|\bnew SQL\(/, /^src\/storage\//],
  [/\b(SELECT|INSERT INTO|DELETE FROM|UPDATE \w+ SET)\b/, /^src\/storage\//],
  // git is no server: it runs beside them, with an environment of its own (docs/decisions/0015-backup.md).
  [
    /\bBun\.spawn|node:child_process|\bexecve\(/,
    /^src\/(instances\/|cli\/editor\.ts$|operations\/backup\/git\/git\.ts$)/,
  ],
  [/"bun:ffi"/, /^src\/instances\//],
  [/\bBun\.password\b/, /^src\/auth\/password\.ts$/],
  [/\bBun\.secrets\b/, /^src\/client\/keyring\.ts$/],
  [/createCipheriv|createDecipheriv/, /^src\/secrets\/sealing\.ts$/],
  [/(from |import\()"@modelcontextprotocol\//, /^src\/client\/sdk(-stdio|-schemas)?\.ts$/],
  [/\bprocess\.env\b/, /^src\/(server\/config|cli\/environment|instances\/(environment|child-entry|spacious))\.ts$/],
  [/\bprocess\.exit\(/, /^src\/(main|instances\/child-entry)\.ts$/],
  [/\bconsole\.\w+\(/, /^src\/main\.ts$/],
  [/\bDate\.now\(/, /^src\/lib\/clock\.ts$/],
  // There is one door, and what listens there is the same function that tests call in memory.
  [/\bBun\.serve\(/, /^src\/server\/listen\.ts$/],
  [/"jsonrpc":"2\.0"/, /^src\/(mcp\/json-rpc\.ts$|client\/clients\/commands\.ts$|client\/validator\/)/],
];

function straysIn(file: string, text: string): string[] {
  return homes.flatMap(([word, only]) =>
    word.test(text) && !only.test(file) ? [`${file}: ${word.exec(text)?.[0]}`] : [],
  );
}

test("every word of power stands only in its own room", async () => {
  const strays: string[] = [];
  for await (const file of new Bun.Glob("src/**/*.ts").scan())
    strays.push(...straysIn(file, await Bun.file(file).text()));
  expect(strays).toEqual([]);
});

test("a planted word is seen", () => {
  expect(straysIn("src/cli/x.ts", 'import { Database } from "bun:sqlite"')).toHaveLength(1);
});

test("every kind file is registered, and no two kinds share a word", () => {
  const files = [...new Bun.Glob("*.ts").scanSync("src/resources")].filter(
    (f) =>
      ![
        "define.ts",
        "index.ts",
        "parse.ts",
        "binding.ts",
        "audit.ts",
        "backup-strategy.ts",
        "limits.ts",
        "selector.ts",
        "server-fields.ts",
        "server-rules.ts",
        "system-prompts.ts",
        "unknown-kind.ts",
      ].includes(f),
  );
  expect(kinds).toHaveLength(files.length);
  for (const kind of kinds) {
    const words = new Set(wordsOf(kind));
    const others = kinds.filter((other) => other !== kind).flatMap(wordsOf);
    expect(others.filter((word) => words.has(word))).toEqual([]);
  }
});
