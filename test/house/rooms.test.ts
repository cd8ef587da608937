import { expect, test } from "bun:test";

/** room → rooms it may import at run time (design §2). `import type` is free: the compiler removes it. README draws the same table. */
const mayImport: Record<string, readonly string[]> = {
  lib: [],
  resources: ["lib"],
  storage: ["resources", "lib"],
  rbac: ["storage", "resources", "lib"],
  auth: ["rbac", "storage", "resources", "lib"],
  secrets: ["storage", "resources", "lib"],
  instances: ["resources", "lib"],
  llm: ["resources", "lib"],
  mcp: ["llm", "storage", "resources", "lib"],
  operations: ["storage", "resources", "lib"],
  server: ["operations", "auth", "rbac", "mcp", "llm", "instances", "secrets", "storage", "resources", "lib"],
  client: ["resources", "lib"],
  cli: ["client", "resources", "lib"],
};

/** The few files that are a door between rooms which otherwise do not know each other. */
const doors: Record<string, readonly string[]> = {
  "src/cli/commands/serve.ts": ["server"],
  "src/cli/commands/audit-verify.ts": ["operations", "secrets", "storage"],
  // What MCP's words are; nothing of the gateway itself.
  "src/client/bridge/bridge.ts": ["mcp"],
  "src/client/bridge/delivery.ts": ["mcp"],
  "src/client/bridge/message.ts": ["mcp"],
  "src/client/bridge/mirror.ts": ["mcp"],
  "src/client/bridge/replies.ts": ["mcp"],
};

/** main.ts chooses between its three lives before anything heavy is loaded. */
const mainDoors = ["cli", "instances"];

/** main.ts reads the version by itself, so that telling it loads nothing else. */
const versionDoors = ["src/main.ts", "src/lib/version.ts"];

export function straysIn(file: string, source: string): string[] {
  const scan = new Bun.Transpiler({ loader: "ts" });
  const room = file.split("/")[1] ?? "";
  return scan.scanImports(source).flatMap(({ path }) => {
    if (!path.startsWith(".")) return [];
    const stray = [`${file} → ${path}`];
    if (path.endsWith("/package.json")) return versionDoors.includes(file) ? [] : stray;
    const target = new URL(path, `file:///${file}`).pathname.split("/")[2] ?? "";
    if (file === "src/main.ts") return mainDoors.includes(target) ? [] : stray;
    return target === room || doors[file]?.includes(target) === true || mayImport[room]?.includes(target) === true
      ? []
      : stray;
  });
}

test("no file reaches into a room above its own", async () => {
  const strays: string[] = [];
  for await (const file of new Bun.Glob("src/**/*.ts").scan())
    strays.push(...straysIn(file, await Bun.file(file).text()));
  expect(strays).toEqual([]);
});

test("a planted import is seen, a type-only one is not", () => {
  expect(straysIn("src/storage/x.ts", 'import { a } from "../server/app.ts"; a();')).toHaveLength(1);
  expect(straysIn("src/storage/x.ts", 'import type { A } from "../server/app.ts"; export const x: A = 1;')).toEqual([]);
});
