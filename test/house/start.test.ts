import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";

const everyLife = ["src/main.ts", "src/cli/run.ts", "src/cli/environment.ts"];
const lives: Record<string, readonly string[]> = {
  serve: [...everyLife, "src/cli/commands/serve.ts", "src/server/run.ts"],
  get: [...everyLife, "src/cli/commands/get.ts"],
};

/** What takes a tenth of the start of an empty program and more, or is needed by few: it is loaded where it is used (`bench/startup.ts`). */
const heavy = [
  /^node:(crypto|zlib|net|tls|tty|url|util|http|https|stream|stream\/promises|dns|dns\/promises|readline.*|child_process)$/,
  /^(consola|yaml|smol-toml|jsonc-parser|age-encryption|elysia)(\/|$)/,
  /^@modelcontextprotocol\//,
  // A checker is compiled for what is written.
  /^@sinclair\/typebox\/(compiler|value)$/,
];
const heavyFor: Record<string, readonly RegExp[]> = {
  serve: heavy,
  get: [...heavy, /^bun:(sqlite|ffi)$/],
};

/** All that is loaded before anything is done, with the file that asks for it; packages are not looked into. */
function loadedBy(roots: readonly string[]): { what: string; by: string }[] {
  const scan = new Bun.Transpiler({ loader: "ts" });
  const loaded: { what: string; by: string }[] = [];
  const seen = new Set<string>();
  const left = roots.map((root) => resolve(root));
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (seen.has(file) || !file.endsWith(".ts")) continue;
    seen.add(file);
    for (const { path, kind } of scan.scanImports(readFileSync(file, "utf8"))) {
      if (kind === "dynamic-import" || kind === "require-call") continue;
      if (path.startsWith(".")) left.push(resolve(dirname(file), path));
      else loaded.push({ what: path, by: relative(".", file) });
    }
  }
  return loaded;
}

/** It is loaded by a process that does nothing else but become another. */
test("serve becomes itself again with next to nothing loaded", () => {
  expect(loadedBy(["src/main.ts", "src/instances/spacious.ts"]).map(({ what }) => what)).toEqual([]);
});

test.each(Object.keys(lives))("%s loads nothing heavy before it is needed", (life) => {
  const loaded = loadedBy(lives[life] ?? []);
  expect(loaded.some(({ what }) => what === "@sinclair/typebox")).toBe(true);
  const early = loaded.filter(({ what }) => heavyFor[life]?.some((name) => name.test(what)));
  expect(early.map(({ what, by }) => `${by} → ${what}`)).toEqual([]);
});
